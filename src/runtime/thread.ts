/**
 * Where a thread loads a module from: its own URL, or that of what is compiled of it, where this project runs from its sources. Not
 * every Node that we support can load TypeScript by itself.
 */
export function compiled(url: string): string {
  return url.endsWith('.ts') ? url.replace(/\/src\/(?!.*\/src\/)/, '/dist/').replace(/ts$/, 'js') : url;
}

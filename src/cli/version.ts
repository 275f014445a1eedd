import { readFileSync } from 'node:fs';

/** The package's version, from the package.json two folders above: of src/cli as of dist/cli. */
export function readVersion(): string {
  const content: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof content !== 'object' || content === null) throw new Error('package.json is no object');
  return String(Reflect.get(content, 'version'));
}

import { printable } from '../format.ts';

/**
 * A path below the catalogued directory, as its raw bytes with one character for each (latin1): names need not be UTF-8.
 * Comparing two with `<` is comparing their bytes. The directory itself is the empty path.
 */
export type RawPath = string;

export const ROOT: RawPath = '';

export function toRaw(name: Buffer): RawPath {
  return name.toString('latin1');
}

export function toBytes(path: RawPath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** Where a path is on the disk. */
export function locate(root: Buffer, path: RawPath): Buffer {
  if (path === ROOT) return root;
  const isSlash = root.at(-1) === 0x2f;
  return Buffer.concat([root, Buffer.from(isSlash ? '' : '/'), toBytes(path)]);
}

export function joined(folder: RawPath, name: RawPath): RawPath {
  return folder === ROOT ? name : `${folder}/${name}`;
}

/** As text for people: what is no UTF-8, or would confuse a terminal, is replaced. */
export function shownPath(path: RawPath): string {
  return path === ROOT ? '.' : printable(toBytes(path).toString('utf8'));
}

/** `.js`, or `(none)`. */
export function extensionOf(path: RawPath): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  // What begins with its only dot is a name, and what is long or odd is no kind of file.
  const extension = dot > 0 ? name.slice(dot).toLowerCase() : '';
  return /^\.[\w+~-]{1,12}$/.test(extension) ? extension : '(none)';
}

/**
 * The lock key of a path: its top-level folder. Files directly in the root share a key of their own.
 * @param isDirectory a directory directly in the root is its own top-level folder
 */
export function lockKeyOf(run: string, path: RawPath, isDirectory: boolean): string {
  const slash = path.indexOf('/');
  const top = slash >= 0 ? path.slice(0, slash) : isDirectory ? path : ROOT;
  const bytes = toBytes(top);
  const text = bytes.toString('utf8');
  // No name has a slash in it, so the two forms never meet.
  const isText = Buffer.from(text).equals(bytes);
  return `demo:${run}:${isText ? text : `/${bytes.toString('base64url')}`}`;
}

import { statSync } from 'node:fs';
import { messageOf, WingmanError } from '../core/errors.ts';

/**
 * Imports a TypeScript or JavaScript file of the user's, with everything that it imports; what it names without a path is
 * found from where it is. Gives its exports.
 * @param shownAs how the user named it
 * @throws WingmanError `WINGMAN_MODULE_INVALID` with the file and the cause
 */
export async function importFile(path: string, shownAs: string): Promise<object> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw invalidModule(shownAs, 'there is no such file');
  if (!stats.isFile()) throw invalidModule(shownAs, 'it is not a file');
  const { createJiti } = await import('jiti');
  let exported: unknown;
  try {
    // Not Node's own loader, although the newer releases take TypeScript: they refuse much of it, and Node 20 all of it.
    exported = await createJiti(path, { interopDefault: false }).import(path);
  } catch (cause) {
    // Some messages, such as those of the parser, have several lines.
    throw invalidModule(shownAs, messageOf(cause).replace(/\s*\n\s*/g, ' '), cause);
  }
  return typeof exported === 'object' && exported !== null ? exported : { default: exported };
}

export function invalidModule(shownAs: string, why: string, cause?: unknown): WingmanError {
  return new WingmanError('WINGMAN_MODULE_INVALID', `${shownAs} cannot be used: ${why}`, { cause });
}

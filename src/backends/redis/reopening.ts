import type { Reopen } from '../../contract/backend.ts';

/**
 * How a thread opens the same store with the same options; null where they cannot be handed over: a client of the user's own,
 * a function, an instance of a class. The options may hold a password, so nothing prints them.
 */
export function reopening(module: string, options: object): Reopen | null {
  if (!isData(options)) return null;
  try {
    return { module, options: structuredClone(options) };
  } catch {
    return null;
  }
}

/** Whether a clone is as good as the value: an instance of a class would be cloned as well, to something without its methods. */
function isData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  const isPlain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
  return isPlain && Object.values(value).every(isData);
}

import { InvalidOptionError } from './errors.ts';

/**
 * Refuses what is no object, and a name that is not known: a misspelled option would pass unseen, and its default hold.
 * @param option how the options are named in the message
 * @throws InvalidOptionError
 */
export function checkNames(options: unknown, known: readonly string[], option: string): asserts options is object {
  const expected = `an object of ${known.join(', ')}`;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionError(option, expected, options);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new InvalidOptionError(option, expected, { [unknown]: Reflect.get(options, unknown) });
}

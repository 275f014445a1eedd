// 64 characters in the order of their codes, so that ids sort by time as text. Each is safe in a URL, a file's name and a
// command line, and none can be mistaken for the start of an option or of a JSON object.
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~';

// An id has 22 characters: 48 bits of time in milliseconds, then 84 random bits. It is a UUIDv7's order and strength in 14 characters
// less, which every key and list in Redis then saves.

/** How many characters of an id are random. */
export const RANDOM_LENGTH = 14;

/** The start of every id of a millisecond. */
export function timePart(now: number): string {
  let part = '';
  for (let bits = 42; bits >= 0; bits -= 6) part += ALPHABET[Math.floor(now / 2 ** bits) % 64];
  return part;
}

/**
 * Random characters of the same 64, in no order.
 * @param random from a cryptographic source: three bytes for four characters
 */
export function randomText(random: Uint8Array): string {
  return Buffer.from(random).toString('base64url').replaceAll('-', '~');
}

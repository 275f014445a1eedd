// 64 characters in the order of their codes, so that ids sort by time as text. Each is safe in a URL, a file's name and a
// command line, and none can be mistaken for the start of an option or of a JSON object.
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~';

/** How many random bytes `makeId` takes. */
export const ID_RANDOM_BYTES = 14;

/**
 * An id of 22 characters: 48 bits of time in milliseconds, then 84 random bits. It is a UUIDv7's order and strength in 14
 * characters less, which every key and list in Redis then saves.
 * @param random at least `ID_RANDOM_BYTES` bytes from a cryptographic source, from `offset` on
 */
export function makeId(now: number, random: Uint8Array, offset = 0): string {
  let id = '';
  for (let shift = 42; shift >= 0; shift -= 6) id += ALPHABET[Math.floor(now / 2 ** shift) % 64];
  for (let index = 0; index < ID_RANDOM_BYTES; index += 1) id += ALPHABET[(random[offset + index] ?? 0) & 63];
  return id;
}

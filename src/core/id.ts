// 64 characters in the order of their codes, so that ids sort by time as text. Each is safe in a URL, a file's name and a
// command line, and none can be mistaken for the start of an option or of a JSON object.
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~';

// An id has 22 characters: 48 bits of time in milliseconds, then 84 random bits. It is a UUIDv7's order and strength in 14 characters
// less, which every key and list in Redis then saves.

/** How many characters of an id are random. */
export const RANDOM_LENGTH = 14;
/** How many there are, with those of the time. */
export const ID_LENGTH = 8 + RANDOM_LENGTH;

/** What the last two characters of the time count to, in milliseconds. */
const SPAN = 64 * 64;
/** The span of the newest id, and how its ids begin: a job that comes alone is mostly of the same as the one before. */
let lastSpan = Number.NaN;
let lastStart = '';

/** The start of every id of a millisecond. */
export function timePart(now: number): string {
  const within = now % SPAN;
  const span = (now - within) / SPAN;
  if (span !== lastSpan) {
    lastStart = '';
    for (let bits = 30; bits >= 0; bits -= 6) lastStart += ALPHABET[Math.floor(span / 2 ** bits) % 64];
    lastSpan = span;
  }
  return lastStart + ALPHABET.charAt(within >> 6) + ALPHABET.charAt(within & 63);
}

/**
 * Random characters of the same 64, in no order.
 * @param random from a cryptographic source: three bytes for four characters
 */
export function randomText(random: Uint8Array): string {
  return Buffer.from(random).toString('base64url').replaceAll('-', '~');
}

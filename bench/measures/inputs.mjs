// The inputs of jobs: all contenders get the same ones.

/** As JSON text, in bytes. */
const SMALL = 60;

/** `count` inputs, from number `from` on, of `size` bytes; spread over so many `keys` where there are any. */
export function inputs(count, { from = 0, size = SMALL, keys = 0 } = {}) {
  const one = (n) => (keys > 0 ? { n, key: `key-${n % keys}` } : { n });
  // Of equal length whatever the number, for the measures of memory.
  const rest = Math.max(0, size - JSON.stringify({ ...one(1_000_000), text: '' }).length);
  const text = 'x'.repeat(rest);
  return Array.from({ length: count }, (_, index) => ({ ...one(from + index), text }));
}

/** Enqueues so many in pieces: a million inputs at once would be a heap of their own. */
export async function fill(client, count, options = {}, how = {}) {
  const piece = 20_000;
  for (let from = 0; from < count; from += piece) {
    await client.enqueueMany(inputs(Math.min(piece, count - from), { ...options, from }), how);
  }
}

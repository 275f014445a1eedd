// A source of inputs, in pieces.

/** Whether a value is an object that can be gone through, in whatever way. */
export function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** Lists of so many, the last one shorter; the next is asked for when the one before is done with. */
export function chunksOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  size: number,
): Iterable<Item[]> | AsyncIterable<Item[]> {
  return Symbol.asyncIterator in items ? asyncChunks(items, size) : syncChunks(items, size);
}

/** Not by the other one: to wait for each of a million that are there already takes its time. */
function* syncChunks<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

async function* asyncChunks<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let chunk: Item[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

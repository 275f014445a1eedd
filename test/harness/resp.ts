// The protocol of Redis, as far as a proxy needs it: where a value ends, and what a request's first words are.

const CARRIAGE_RETURN = 0x0d;
const LINE_END = '\r\n';

/** Where the value that begins at `start` ends, or null while not all of it is there. Version 2 and 3 of the protocol. */
function endOfValue(bytes: Buffer, start: number): number | null {
  const lineEnd = bytes.indexOf(LINE_END, start, 'latin1');
  if (lineEnd < 0) return null;
  const kind = String.fromCharCode(bytes[start] ?? CARRIAGE_RETURN);
  const size = Number(bytes.toString('latin1', start + 1, lineEnd));
  const afterLine = lineEnd + LINE_END.length;
  switch (kind) {
    case '$':
    case '=':
    case '!':
      return within(bytes, size < 0 ? afterLine : afterLine + size + LINE_END.length);
    case '*':
    case '~':
    case '>':
      return endOfValues(bytes, afterLine, size);
    case '%':
      return endOfValues(bytes, afterLine, 2 * size);
    case '|':
      // Attributes stand before the value that they describe.
      return endOfValues(bytes, afterLine, 2 * size + 1);
    default:
      // A simple value or an inline request: one line.
      return afterLine;
  }
}

function endOfValues(bytes: Buffer, start: number, count: number): number | null {
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const end = endOfValue(bytes, at);
    if (end === null) return null;
    at = end;
  }
  return at;
}

function within(bytes: Buffer, end: number): number | null {
  return end <= bytes.length ? end : null;
}

/** The first words of a request, four at most: the command, and a subcommand, or a script, the number of its keys and its first key. */
export function firstWords(request: Buffer): string[] {
  if (request[0] !== '*'.charCodeAt(0)) return request.toString('latin1').trim().split(' ').slice(0, 4);
  const words: string[] = [];
  let at = request.indexOf(LINE_END, 0, 'latin1') + LINE_END.length;
  while (words.length < 4 && at < request.length) {
    const lineEnd = request.indexOf(LINE_END, at, 'latin1');
    const size = Number(request.toString('latin1', at + 1, lineEnd));
    const start = lineEnd + LINE_END.length;
    words.push(request.toString('latin1', start, start + size));
    at = start + size + LINE_END.length;
  }
  return words;
}

/** Collects the chunks of a stream, and gives each value of it once all of its bytes are there. */
export class Values {
  #bytes: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Buffer> {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const end = this.#bytes.length === 0 ? null : endOfValue(this.#bytes, 0);
      if (end === null) return;
      const value = this.#bytes.subarray(0, end);
      this.#bytes = this.#bytes.subarray(end);
      yield value;
    }
  }
}

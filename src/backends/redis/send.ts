import { Command, type Redis } from 'ioredis';

const AS_TEXT = { replyEncoding: 'utf8' } as const;
const AS_IT_COMES = { replyEncoding: null };

/** Words of one length, as ids mostly are: then what is written between two of them is always the same. */
export class Alike {
  readonly words: readonly string[];

  constructor(words: readonly string[]) {
    this.words = words;
  }
}

/** What a script gets. */
export type Word = string | number | Alike;

/** As a command of the client takes them. */
export function flatten(words: readonly Word[]): (string | number)[] {
  return words.flatMap((word): readonly (string | number)[] => (word instanceof Alike ? word.words : [word]));
}

/**
 * Sends a script by its hash. The client's own `evalsha` flattens what it is given, and then writes word by word, which takes longer than
 * to make all the rest of a command.
 */
export function sendScript(client: Redis, sha: string, key: string, words: readonly Word[]): Promise<unknown> {
  const command = new ScriptCommand(sha, key, words);
  client.sendCommand(command);
  return command.promise;
}

class ScriptCommand extends Command {
  readonly #words: readonly Word[];

  constructor(sha: string, key: string, words: readonly Word[]) {
    super('evalsha', [], AS_TEXT);
    // What the client asks of them are the keys.
    this.args = [sha, '1', key];
    this.#words = words;
  }

  /**
   * Lengths are in bytes. Long words are measured; short ones are mostly names and numbers in ASCII, where each character is a byte:
   * whether they all were is seen by one look at the whole, which takes long only where it is not ASCII.
   */
  override toWritable(): string {
    const [sha = '', , key = ''] = this.args;
    let count = 1 + this.args.length;
    let size = 2;
    parts[1] = start(String(sha), String(key));
    // How many more bytes than characters are known of.
    let more = 0;
    for (const word of this.#words) {
      if (word instanceof Alike) {
        const { words } = word;
        const [{ length } = ''] = words;
        count += words.length;
        parts[size] = between(length);
        parts[size + 1] = words.join(between(length));
        size += 2;
        continue;
      }
      const written = typeof word === 'string' ? word : String(word);
      const bytes = written.length > SHORT ? Buffer.byteLength(written) : written.length;
      count += 1;
      more += bytes - written.length;
      parts[size] = between(bytes);
      parts[size + 1] = written;
      size += 2;
    }
    parts[0] = `*${count}\r\n`;
    parts[size] = '\r\n';
    parts.length = size + 1;
    const whole = parts.join('');
    // Nothing of it is kept for longer: a payload may be large.
    parts.fill('');
    const isAsTold = more === 0 ? isAscii(whole) : this.#words.every(isMeasured);
    return isAsTold ? whole : this.#byBytes();
  }

  #byBytes(): string {
    const words = [this.name, ...this.args, ...flatten(this.#words)].map(String);
    return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
  }
}

/** In characters. */
const SHORT = 40;

/** Of the command that is written now. Joined, they leave half the garbage that they would if each were added to a text. */
const parts: string[] = [];

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** Whether its length in bytes is known: it is long, or in ASCII. */
function isMeasured(word: Word): boolean {
  if (word instanceof Alike) return word.words.every(isAscii);
  return typeof word === 'number' || word.length > SHORT || isAscii(word);
}

/** What is written between two words, by the length of the second: its length in bytes of UTF-8 goes before it. */
const BETWEEN = Array.from({ length: 512 }, (_, length) => `\r\n$${length}\r\n`);

function between(length: number): string {
  return BETWEEN[length] ?? `\r\n$${length}\r\n`;
}

/** How the commands of a script begin, after their number of words. */
const starts = new Map<string, { readonly key: string; readonly text: string }>();

function start(sha: string, key: string): string {
  const known = starts.get(sha);
  if (known?.key === key) return known.text;
  const text = `$7\r\nevalsha${between(sha.length)}${sha}${between(1)}1${between(Buffer.byteLength(key))}${key}`;
  starts.set(sha, { key, text });
  return text;
}

/**
 * Has what comes over a new connection handed on as it comes. The client listens by `prependListener`, of which a stream takes no note:
 * it then puts each piece by, and gives it out a tick later.
 */
export function hearAtOnce(client: Redis): void {
  client.stream.on('data', () => undefined);
}

/** Blocks until there is a token in one of these lists. Its reply is not made text: who only waits does not read it. */
export function sendBlock(client: Redis, lists: readonly string[], seconds: number): Promise<unknown> {
  const command = new Command('blpop', [], AS_IT_COMES);
  command.args = [...lists, String(seconds)];
  client.sendCommand(command);
  return command.promise;
}

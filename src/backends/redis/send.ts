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

  /** As nearly all is ASCII, so that each character is a byte: whether it was is seen by one look at the whole. */
  override toWritable(): string {
    const [sha = '', , key = ''] = this.args;
    let count = 1 + this.args.length;
    let text = start(String(sha), String(key));
    for (const word of this.#words) {
      if (word instanceof Alike) {
        const { words } = word;
        const [{ length } = ''] = words;
        count += words.length;
        text += between(length) + words.join(between(length));
      } else {
        const written = typeof word === 'string' ? word : String(word);
        count += 1;
        text += between(written.length) + written;
      }
    }
    const whole = `*${count}\r\n${text}\r\n`;
    return Buffer.byteLength(whole) === whole.length ? whole : this.#byBytes();
  }

  #byBytes(): string {
    const words = [this.name, ...this.args, ...flatten(this.#words)].map(String);
    return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
  }
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
  const text = `$7\r\nevalsha${between(sha.length)}${sha}${between(1)}1${between(key.length)}${key}`;
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

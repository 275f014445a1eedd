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

  override toWritable(): string {
    let count = 1 + this.args.length;
    let text = written(this.name);
    for (const arg of this.args) text += written(String(arg));
    for (const word of this.#words) {
      if (word instanceof Alike) {
        count += word.words.length;
        text += writtenAlike(word.words);
      } else {
        count += 1;
        text += written(typeof word === 'string' ? word : String(word));
      }
    }
    return `*${count}\r\n${text}`;
  }
}

/** A word as the protocol has it: its length in bytes of UTF-8, and what it is. */
function written(word: string): string {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
}

function writtenAlike(words: readonly string[]): string {
  const [{ length } = ''] = words;
  const text = words.join(`\r\n$${length}\r\n`);
  // Where each character is a byte. No others are in ids that were given out here; but anybody may write to the server.
  const isAscii = Buffer.byteLength(text) === text.length;
  return isAscii ? `$${length}\r\n${text}\r\n` : words.map(written).join('');
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

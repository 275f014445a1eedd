import { Command, type Redis } from 'ioredis';

const AS_TEXT = { replyEncoding: 'utf8' } as const;
const AS_IT_COMES = { replyEncoding: null };

/**
 * Sends a script by its hash. The client's own `evalsha` flattens what it is given, which takes longer than to make all the rest of a
 * command: here the words are a list already.
 */
export function sendScript(
  client: Redis,
  sha: string,
  key: string,
  words: readonly (string | number)[],
): Promise<unknown> {
  const command = new Command('evalsha', [], AS_TEXT);
  const args = [sha, '1', key];
  for (const word of words) args.push(typeof word === 'string' ? word : String(word));
  command.args = args;
  client.sendCommand(command);
  return command.promise;
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

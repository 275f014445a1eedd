import { connect, type Socket } from 'node:net';
import type { Drops } from './drops.ts';
import { commandName } from './redis-command.ts';
import { firstWords, Values } from './resp.ts';

export interface LinkOptions {
  readonly client: Socket;
  readonly target: number;
  readonly drops: Drops;
  /** How long the next chunk takes, in milliseconds. */
  readonly delay: () => number;
  /** Has this link fall silent. */
  readonly silence: () => void;
  readonly ended: () => void;
}

const PUSH = '>'.charCodeAt(0);
const ERROR = '-'.charCodeAt(0);

/** One client's connection through the proxy. */
export class Link {
  readonly #options: LinkOptions;
  readonly #server: Socket;
  readonly #requests = new Values();
  readonly #replies = new Values();
  readonly #upstream: Pipe;
  readonly #downstream: Pipe;
  /** The commands that the server has not answered yet, oldest first: it answers in order. */
  readonly #unanswered: string[] = [];
  #isSilent = false;

  constructor(options: LinkOptions) {
    const { client, target, delay } = options;
    this.#options = options;
    this.#server = connect(target, '127.0.0.1');
    this.#upstream = new Pipe(this.#server, delay);
    this.#downstream = new Pipe(client, delay);
    for (const socket of [client, this.#server]) socket.setNoDelay(true).on('error', () => undefined);
    client.on('data', (chunk) => this.#ask(chunk));
    this.#server.on('data', (chunk) => this.#answer(chunk));
    // A silent link's server side is kept, as it is where a network drops what both ends say.
    client.on('close', () => this.#isSilent || this.end());
    this.#server.on('close', () => this.#isSilent || this.cut());
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Both ends learn at once that the connection is broken. */
  cut(): void {
    this.#options.client.resetAndDestroy();
    this.end();
  }

  /** From now on both ends speak to nobody. */
  silence(): void {
    this.#isSilent = true;
    this.#upstream.stop();
    this.#downstream.stop();
  }

  end(): void {
    this.#upstream.stop();
    this.#downstream.stop();
    this.#options.client.destroy();
    this.#server.destroy();
    this.#options.ended();
  }

  #ask(chunk: Buffer): void {
    for (const request of this.#requests.push(chunk)) {
      if (this.#isDeaf()) return;
      const command = commandName(firstWords(request));
      if (this.#lose('request', command)) return;
      this.#unanswered.push(command);
      this.#upstream.send(request);
    }
  }

  #answer(chunk: Buffer): void {
    for (const reply of this.#replies.push(chunk)) {
      if (this.#isDeaf()) return;
      // What the server says unasked answers nothing.
      const command = reply[0] === PUSH ? undefined : this.#unanswered.shift();
      if (command !== undefined && reply[0] !== ERROR && this.#lose('reply', command)) return;
      this.#downstream.send(reply);
    }
  }

  #isDeaf(): boolean {
    return this.#isSilent || this.#options.client.destroyed;
  }

  #lose(direction: 'request' | 'reply', command: string): boolean {
    const manner = this.#options.drops.take(direction, command);
    if (manner === 'cut') this.cut();
    else if (manner === 'silence') this.#options.silence();
    return manner !== null;
  }
}

/** One direction: what is sent arrives in order, each piece after its delay. */
class Pipe {
  readonly #to: Socket;
  readonly #delay: () => number;
  /** What is on its way, and when it arrives by `performance.now`. */
  readonly #pieces: { readonly bytes: Buffer; readonly at: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(to: Socket, delay: () => number) {
    this.#to = to;
    this.#delay = delay;
  }

  send(bytes: Buffer): void {
    if (this.#isStopped) return;
    const delay = this.#delay();
    const last = this.#pieces.at(-1);
    if (delay === 0 && last === undefined) {
      this.#to.write(bytes);
      return;
    }
    const at = Math.max(last?.at ?? 0, performance.now() + delay);
    this.#pieces.push({ bytes, at });
    if (last === undefined) this.#wait(at);
  }

  /** What is on its way is lost. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#pieces.length = 0;
  }

  /** One timer at a time: two that are due in the same millisecond may fire in either order. */
  #wait(at: number): void {
    this.#timer = setTimeout(() => this.#deliver(), at - performance.now());
  }

  #deliver(): void {
    const now = performance.now();
    let next = this.#pieces[0];
    // A timer may fire a little early.
    while (next !== undefined && next.at <= now + 1) {
      this.#to.write(next.bytes);
      this.#pieces.shift();
      next = this.#pieces[0];
    }
    if (next !== undefined) this.#wait(next.at);
  }
}

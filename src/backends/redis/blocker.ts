import type { Redis } from 'ioredis';
import type { Clock } from '../../runtime/clock.ts';
import type { Connection } from './connection.ts';
import { hearAtOnce, sendBlock } from './send.ts';

/** How much longer than asked a blocked connection may stay silent before it counts as dead, in milliseconds; it may be a slow one. */
const SILENCE = 5_000;
/** Milliseconds until a block is told once more to end: the first time may have come before the block itself. */
const RETRY = 20;

/** The token that came, by its list; null where the time was up, or the block was interrupted. */
export type Popped = { readonly key: string } | null | 'unreachable';
/** The reply of the command behind a block; null where it was refused, or not sent. Where `unreachable` it may have been done. */
export type Followed = { readonly reply: unknown } | null | 'unreachable';

/** Told how a block has ended: gives what its caller is given. */
export type Over<Reply> = (outcome: Followed) => Reply | Promise<Reply>;

/** Sends a command. */
type Next = (client: Redis) => Promise<unknown>;

interface Block {
  isOver: boolean;
}

/** A connection that blocks, and what ends its block. It is opened when it is needed, and once more after it was lost. */
export class Blocker {
  readonly #main: Connection;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #client: Redis | null = null;
  /** By which the server knows the connection. */
  #id = 0;
  /** What goes on; null while nothing does. */
  #block: Block | null = null;
  #isInterrupted = false;

  constructor(main: Connection, clock: Clock) {
    this.#main = main;
    this.#clock = clock;
  }

  /** Takes a token out of the first of these lists that has one. One at a time. */
  async pop(keys: readonly string[], timeout: number): Promise<Popped> {
    this.#isInterrupted = false;
    const client = this.#client ?? (await this.#connect().catch(() => null));
    if (client === null) return 'unreachable';
    // What is asked for has changed while it connected.
    if (this.#isInterrupted) return null;
    const over = this.#begin(client, timeout);
    try {
      const popped = await client.blpop([...keys], timeout / 1000);
      return popped === null ? null : { key: popped[0] };
    } catch {
      this.#drop(client);
      return 'unreachable';
    } finally {
      over();
    }
  }

  /**
   * The same, with a command behind it on the same connection: the server goes on to that as soon as the block is over, whatever ended
   * it. One at a time.
   * @param over gives what this resolves with
   */
  popThen<Reply>(keys: readonly string[], timeout: number, next: Next, over: Over<Reply>): Promise<Reply> {
    this.#isInterrupted = false;
    // From the reply to whoever waits for it there is one promise, as nearly always the connection is there.
    if (this.#client !== null) return this.#popThen(this.#client, keys, timeout, next, over);
    return this.#connect().then(
      (client) => {
        if (client === null) return over('unreachable');
        return this.#isInterrupted ? over(null) : this.#popThen(client, keys, timeout, next, over);
      },
      () => over('unreachable'),
    );
  }

  #popThen<Reply>(
    client: Redis,
    keys: readonly string[],
    timeout: number,
    next: Next,
    over: Over<Reply>,
  ): Promise<Reply> {
    const end = this.#begin(client, timeout);
    // Both go out in one write. A pipeline of the client's would do that too, but each has a hidden class of its own, which keeps
    // all of it until the next full garbage collection.
    client.stream.cork();
    let isPopped = false;
    sendBlock(client, keys, timeout / 1000).then(
      () => {
        isPopped = true;
      },
      () => undefined,
    );
    const followed = next(client);
    client.stream.uncork();
    const ended = (outcome: Followed): Reply | Promise<Reply> => {
      end();
      if (isPopped) return over(outcome);
      this.#drop(client);
      return over('unreachable');
    };
    return followed.then(
      (reply) => ended({ reply }),
      () => ended(null),
    );
  }

  /** A block begins, and can be told to end from now on. Returns what is called when it is over. */
  #begin(client: Redis, timeout: number): () => void {
    const block: Block = { isOver: false };
    this.#block = block;
    // The server ends the block after `timeout`; the clock only notices a connection that is dead.
    const cancel = this.#dropAfter(client, timeout + SILENCE);
    return () => {
      cancel();
      block.isOver = true;
      this.#block = null;
    };
  }

  /** Ends the block that goes on, on the server, where a token may be popped in the same moment and must not be lost. */
  interrupt(): void {
    if (this.#isInterrupted) return;
    this.#isInterrupted = true;
    if (this.#client !== null && this.#block !== null) void this.#unblock(this.#client, this.#block);
  }

  close(): void {
    this.#closing.abort();
    if (this.#client !== null) this.#drop(this.#client);
  }

  async #unblock(client: Redis, block: Block): Promise<void> {
    const cancel = this.#dropAfter(client, SILENCE);
    try {
      while (!block.isOver) {
        const ended = await this.#main.attempt((main) => main.client('UNBLOCK', this.#id));
        if (ended === 1) return;
        await this.#clock.sleep(RETRY, this.#closing.signal);
      }
    } catch {
      this.#drop(client);
    } finally {
      cancel();
    }
  }

  async #connect(): Promise<Redis | null> {
    const client = this.#main.client.duplicate({
      maxRetriesPerRequest: null,
      // One that is cut off is not mended: the next block opens another.
      retryStrategy: () => null,
    });
    client.on('error', () => undefined);
    client.on('close', () => this.#drop(client));
    this.#client = client;
    const cancel = this.#dropAfter(client, SILENCE);
    try {
      await client.connect();
      hearAtOnce(client);
      this.#id = await client.client('ID');
      return this.#client === client && !this.#closing.signal.aborted ? client : null;
    } catch (error) {
      this.#drop(client);
      throw error;
    } finally {
      cancel();
    }
  }

  /** A connection that gives no answer is dead, though it may look alive. Returns what is called when it has answered. */
  #dropAfter(client: Redis, limit: number): () => void {
    return this.#clock.after(limit, () => this.#drop(client));
  }

  #drop(client: Redis): void {
    if (this.#client === client) this.#client = null;
    client.disconnect();
  }
}

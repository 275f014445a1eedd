import type { Redis } from 'ioredis';
import type { Wake } from '../../contract/backend.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

/** How much longer than asked a blocked connection may stay silent before it counts as dead; it may be a slow one. */
const SILENCE = 5_000;
/** How long to wait at least when the server cannot be reached, so that callers who go on at once do not spin. */
const OUTAGE_PAUSE = 250;

/** A connection that may block, and the id by which the server knows it. */
interface Blocker {
  readonly client: Redis;
  readonly id: number;
}

/**
 * Waits for wake-up tokens. What blocks is a connection of its own, and what it takes is a token and never a job: a reply
 * that is lost on the way costs one poll interval and nothing else.
 */
export class Waiting {
  readonly #main: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;
  /** Open connections; those that block nobody now are idle as well. */
  readonly #open = new Set<Redis>();
  readonly #idle: Blocker[] = [];
  readonly #closing = new AbortController();

  constructor(main: Connection, keys: Keys, clock: Clock) {
    this.#main = main;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Waits for work in some queues. */
  wait(queues: readonly string[], timeout: number, signal?: AbortSignal): Promise<Wake> {
    const keys = queues.map((queue) => this.#keys.of('wake', queue));
    return this.#wait(keys, () => this.#hasWork(queues), timeout, signal);
  }

  /** Waits for a token in one of these lists. */
  waitFor(keys: string[], timeout: number, signal?: AbortSignal): Promise<Wake> {
    return this.#wait(keys, async () => false, timeout, signal);
  }

  /** Resolves at once when the signal aborts; the connection is freed behind it. */
  async #wait(keys: string[], isThere: () => Promise<boolean>, timeout: number, signal?: AbortSignal): Promise<Wake> {
    const stop = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    if (stop.aborted) return 'aborted';
    const ended = new AbortController();
    const end = (): void => ended.abort();
    stop.addEventListener('abort', end, { once: true });
    try {
      const token = this.#look(keys, isThere, timeout, ended.signal);
      // The server ends the block after `timeout`; the clock only notices a connection that is dead.
      const first = await Promise.race([token, this.#clock.sleep(timeout + SILENCE, ended.signal)]);
      if (first === 'woken' || first === 'timeout') return first;
      if (first === 'unreachable') await this.#clock.sleep(Math.min(timeout, OUTAGE_PAUSE), ended.signal);
      return stop.aborted ? 'aborted' : 'timeout';
    } finally {
      stop.removeEventListener('abort', end);
      end();
    }
  }

  async #look(
    keys: string[],
    isThere: () => Promise<boolean>,
    timeout: number,
    gaveUp: AbortSignal,
  ): Promise<'woken' | 'timeout' | 'unreachable'> {
    if (await isThere()) return 'woken';
    return gaveUp.aborted ? 'timeout' : this.#takeToken(keys, timeout, gaveUp);
  }

  /** A token may have been lost, and other programs leave none: so whoever starts to wait looks first. */
  async #hasWork(queues: readonly string[]): Promise<boolean> {
    return this.#main.run('has-work', this.#keys.the('sequence'), [this.#keys.root, ...queues]).then(
      (has) => has === 1,
      () => false,
    );
  }

  /** Blocks for a token until `gaveUp` aborts. A token that comes after that is left for the next who waits. */
  async #takeToken(keys: string[], timeout: number, gaveUp: AbortSignal): Promise<'woken' | 'timeout' | 'unreachable'> {
    const blocker = this.#idle.pop() ?? (await this.#connect().catch(() => null));
    if (blocker === null) return 'unreachable';
    const answered = new AbortController();
    const unblock = (): void => {
      void this.#unblock(blocker, answered.signal);
    };
    gaveUp.addEventListener('abort', unblock, { once: true });
    try {
      if (gaveUp.aborted) return 'timeout';
      const popped = await blocker.client.blpop(...keys, Math.max(timeout, 10) / 1000);
      if (popped === null) return 'timeout';
      if (gaveUp.aborted) this.#leave(popped[0]);
      return 'woken';
    } catch {
      this.#drop(blocker.client);
      return 'unreachable';
    } finally {
      answered.abort();
      gaveUp.removeEventListener('abort', unblock);
      if (this.#open.has(blocker.client)) this.#idle.push(blocker);
    }
  }

  async #connect(): Promise<Blocker> {
    const client = this.#main.client.duplicate({
      maxRetriesPerRequest: null,
      // One that is cut off is not mended: the next wait opens another.
      retryStrategy: () => null,
    });
    client.on('error', () => undefined);
    client.on('close', () => this.#drop(client));
    this.#open.add(client);
    const greeted = new AbortController();
    this.#dropAfter(client, SILENCE, greeted.signal);
    try {
      await client.connect();
      return { client, id: await client.client('ID') };
    } catch (error) {
      this.#drop(client);
      throw error;
    } finally {
      greeted.abort();
    }
  }

  /** Ends a block on the server, where a token may be popped in the same moment and must not be lost. */
  async #unblock({ client, id }: Blocker, answered: AbortSignal): Promise<void> {
    this.#dropAfter(client, SILENCE, answered);
    try {
      await this.#main.attempt((main) => main.client('UNBLOCK', id));
    } catch {
      this.#drop(client);
    }
  }

  /** Puts a token back that nobody waits for any more. Should it be lost, the next who waits looks for himself. */
  #leave(key: string): void {
    this.#main.attempt((client) => client.rpush(key, '1')).catch(() => undefined);
  }

  /** A connection that gives no answer is dead, though it may look alive. */
  #dropAfter(client: Redis, limit: number, answered: AbortSignal): void {
    void this.#clock.sleep(limit, answered).then((isSilent) => {
      if (isSilent) this.#drop(client);
    });
  }

  #drop(client: Redis): void {
    this.#open.delete(client);
    const index = this.#idle.findIndex((blocker) => blocker.client === client);
    if (index >= 0) this.#idle.splice(index, 1);
    client.disconnect();
  }

  close(): void {
    this.#closing.abort();
    for (const client of [...this.#open]) this.#drop(client);
  }
}

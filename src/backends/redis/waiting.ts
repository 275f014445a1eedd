import type { WaitOptions, Wake } from '../../contract/backend.ts';
import { withAnyOf } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Blocker } from './blocker.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

/** How long one block lasts, in milliseconds: a connection that died silently is noticed by its end. */
const BLOCK = 60_000;
/** How long to wait at least when the server cannot be reached, so that callers who go on at once do not spin. */
const OUTAGE_PAUSE = 250;
/**
 * How long the next block is put off after a token, in milliseconds: whoever was woken mostly comes back by then, and what others
 * wait for comes so much later at most.
 */
const RETURN_TIME = 10;
/** How long a block goes on for somebody whose time was up: he mostly comes back after a question to the server. */
const LINGER = 250;

interface Waiter {
  readonly keys: readonly string[];
  readonly end: (wake: Wake) => void;
}

/**
 * Waits for wake-up tokens, on behalf of all who wait in this process: one connection of its own blocks for all of them. What it takes
 * is a token and never a job: a reply that is lost on the way costs one poll interval and nothing else.
 *
 * States: at rest (nobody waits, nothing blocks), blocked for some keys, or between two blocks.
 */
export class Waiting {
  readonly #main: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #blocker: Blocker;
  readonly #waiters = new Set<Waiter>();
  readonly #closing = new AbortController();
  #isRunning = false;
  /** What the block is for that goes on now; null between two. */
  #blocked: ReadonlySet<string> | null = null;
  /** Ends a pause between two blocks; null while there is none. */
  #resume: (() => void) | null = null;
  #cancelLinger: (() => void) | null = null;

  constructor(main: Connection, keys: Keys, clock: Clock) {
    this.#main = main;
    this.#keys = keys;
    this.#clock = clock;
    this.#blocker = new Blocker(main, clock);
  }

  /**
   * Waits for work in some queues. A token may have been lost, and other programs leave none: so whoever starts to wait looks first,
   * unless he just did.
   */
  async wait(queues: readonly string[], { timeout, signal, areEmpty = false }: WaitOptions): Promise<Wake> {
    if (signal?.aborted === true) return 'aborted';
    const keys = queues.map((queue) => this.#keys.of('wake', queue));
    if (areEmpty) return this.waitFor(keys, timeout, signal);
    const started = this.#clock.monotonic();
    const looked = await this.#until(this.#hasWork(queues), timeout, signal);
    if (looked !== 'timeout' && looked !== false) return looked === true ? 'woken' : looked;
    return this.waitFor(keys, Math.max(0, timeout - (this.#clock.monotonic() - started)), signal);
  }

  /** Waits for a token in one of these lists. */
  waitFor(keys: readonly string[], timeout: number, signal?: AbortSignal): Promise<Wake> {
    const closing = this.#closing.signal;
    if (closing.aborted || signal?.aborted === true) return Promise.resolve('aborted');
    return new Promise((resolve) => {
      const end = (wake: Wake): void => {
        if (!this.#waiters.delete(waiter)) return;
        cancel();
        closing.removeEventListener('abort', abort);
        signal?.removeEventListener('abort', abort);
        resolve(wake);
        this.#left(wake);
      };
      const abort = (): void => end('aborted');
      const waiter: Waiter = { keys, end };
      closing.addEventListener('abort', abort, { once: true });
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
      const cancel = this.#clock.after(timeout, () => end('timeout'));
      this.#joined(waiter);
    });
  }

  close(): void {
    this.#closing.abort();
    this.#cancelLinger?.();
    this.#resume?.();
    this.#blocker.close();
  }

  /** What a question gives, or how the wait for its answer ended. */
  async #until(question: Promise<boolean>, timeout: number, signal?: AbortSignal): Promise<boolean | Wake> {
    const ended = new AbortController();
    return withAnyOf([ended.signal, this.#closing.signal, signal], async (stop) => {
      const time = this.#clock.sleep(timeout, stop).then((passed): Wake => (passed ? 'timeout' : 'aborted'));
      const answer = await Promise.race([question, time]);
      ended.abort('answered');
      return answer;
    });
  }

  async #hasWork(queues: readonly string[]): Promise<boolean> {
    if (queues.length === 0) return false;
    return this.#main.run('has-work', this.#keys, queues).then(
      (has) => has === 1,
      () => false,
    );
  }

  /** The keys that somebody waits for. */
  #wanted(): Set<string> {
    return new Set([...this.#waiters].flatMap(({ keys }) => keys));
  }

  #joined({ keys }: Waiter): void {
    if (!this.#isRunning) void this.#run();
    else if (this.#blocked === null) this.#resume?.();
    else if (keys.some((key) => this.#blocked?.has(key) !== true)) this.#blocker.interrupt();
  }

  /** The block may be for more than is wanted now. One who was told to stop must not take another's token. */
  #left(wake: Wake): void {
    if (this.#blocked === null || wake === 'woken') return;
    this.#cancelLinger?.();
    if (wake === 'aborted') this.#narrow();
    else this.#cancelLinger = this.#clock.after(LINGER, () => this.#narrow());
  }

  #narrow(): void {
    const wanted = this.#wanted();
    if ([...(this.#blocked ?? [])].some((key) => !wanted.has(key))) this.#blocker.interrupt();
  }

  /** Blocks again and again for as long as somebody waits. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let keys = this.#wanted(); this.#waiters.size > 0; keys = this.#wanted()) {
      this.#blocked = keys;
      const popped = keys.size === 0 ? await this.#pause(LINGER) : await this.#blocker.pop([...keys], BLOCK);
      this.#blocked = null;
      this.#cancelLinger?.();
      if (popped === 'unreachable') await this.#fail();
      else if (popped !== null) await this.#deliver(popped);
    }
    this.#isRunning = false;
  }

  /** Ends one of those who wait for a key. A token that nobody waits for any more is left for the next who does. */
  async #deliver({ key }: { readonly key: string }): Promise<void> {
    const waiter = [...this.#waiters].find(({ keys }) => keys.includes(key));
    if (waiter === undefined) this.#main.attempt((client) => client.rpush(key, '1')).catch(() => undefined);
    else waiter.end('woken');
    if (this.#waiters.size > 0) await this.#pause(RETURN_TIME);
  }

  /** Nobody can wait while the server is away: those who do look for themselves, after a while. */
  async #fail(): Promise<void> {
    const waiters = [...this.#waiters];
    await this.#clock.sleep(OUTAGE_PAUSE, this.#closing.signal);
    for (const { end } of waiters) end('timeout');
  }

  /** Waits until somebody begins to wait, or the time is up. */
  #pause(milliseconds: number): Promise<null> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#resume = null;
        resolve(null);
      };
      const cancel = this.#clock.after(milliseconds, end);
      this.#resume = end;
    });
  }
}

import type { Redis } from 'ioredis';
import type { WaitOptions } from '../../contract/backend.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Blocker, type Over } from './blocker.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { type ScriptName, script } from './scripts.ts';
import { sendScript, type Word } from './send.ts';

/** How long one block lasts at most, in milliseconds: a connection that died silently is noticed by its end. */
const BLOCK = 60_000;
/** How long to wait where the server cannot be reached, in milliseconds. */
const OUTAGE_PAUSE = 250;

/** A script with its keys and words. */
export interface Order {
  readonly name: ScriptName;
  readonly keys: Keys;
  readonly words: readonly Word[];
}

/**
 * Scripts that the server runs by itself as soon as a token comes: they are sent behind the command that blocks, on the same
 * connection. So a job is on its way to whoever waits for it with no word from here. Each that waits has a connection of its own.
 */
export class Standby {
  readonly #main: Connection;
  readonly #clock: Clock;
  readonly #blockers = new Set<Blocker>();
  readonly #idle: Blocker[] = [];
  /** Those whose block a signal ends. Who waits again and again does so with the same signal, and one listener is enough. */
  readonly #endedBy = new WeakMap<AbortSignal, Blocker[]>();
  readonly #closing = new AbortController();

  constructor(main: Connection, clock: Clock) {
    this.#main = main;
    this.#clock = clock;
  }

  /**
   * Runs a script when there is a token in one of these lists, when the time is up, or at the abort.
   * @param over told null where it was refused, or not sent; where `unreachable` it may have run
   */
  run<Reply>(
    lists: readonly string[],
    { timeout, signal }: WaitOptions,
    order: Order,
    over: Over<Reply>,
  ): Promise<Reply> {
    if (lists.length === 0 || signal?.aborted === true || this.#closing.signal.aborted) {
      return Promise.resolve(null).then(over);
    }
    const blocker = this.#idle.pop() ?? new Blocker(this.#main, this.#clock);
    this.#blockers.add(blocker);
    const ended = signal === undefined ? [] : this.#blockersOf(signal);
    ended.push(blocker);
    const { sha } = script(order.name, order.keys);
    const next = (client: Redis): Promise<unknown> => sendScript(client, sha, order.keys.the('sequence'), order.words);
    return blocker.popThen(lists, Math.min(timeout, BLOCK), next, (followed) => {
      ended.splice(ended.indexOf(blocker), 1);
      this.#idle.push(blocker);
      if (followed !== 'unreachable' || this.#closing.signal.aborted) return over(followed);
      // Whoever goes on at once with a connection that can be reached, and then waits again, must not spin.
      return this.#clock.sleep(OUTAGE_PAUSE, signal).then(() => over(followed));
    });
  }

  #blockersOf(signal: AbortSignal): Blocker[] {
    const known = this.#endedBy.get(signal);
    if (known !== undefined) return known;
    const blockers: Blocker[] = [];
    this.#endedBy.set(signal, blockers);
    const interrupt = (): void => {
      for (const blocker of blockers) blocker.interrupt();
    };
    signal.addEventListener('abort', interrupt, { once: true });
    return blockers;
  }

  close(): void {
    this.#closing.abort();
    for (const blocker of this.#blockers) blocker.close();
  }
}

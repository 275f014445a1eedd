import { setMaxListeners } from 'node:events';
import type { Clock } from '../../runtime/clock.ts';
import { busy, closed, isBusy, toWingmanError } from './errors.ts';

export interface RetrySettings {
  readonly path: string;
  readonly clock: Clock;
  /** How long a call waits for other processes, in milliseconds. */
  readonly busyTimeout: number;
}

// A writer needs a millisecond or so, and then leaves a gap (see `Turns`). Who asks less often would miss it.
const LONGEST_PAUSE = 2;

/** Thrown by a step that has found out too late how it must be done: it is undone, and run again from its start at once. */
export class Again extends Error {}

/**
 * Tries again what other processes are in the way of. SQLite is called without a wait of its own, so that the event loop of
 * this process never stands still.
 */
export class Retries {
  readonly #settings: RetrySettings;
  readonly #closing = new AbortController();

  constructor(settings: RetrySettings) {
    this.#settings = settings;
    // One listener for each call that waits: that many are no leak.
    setMaxListeners(0, this.#closing.signal);
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** For a call that begins now: when it began. */
  start(): number {
    return this.#settings.clock.monotonic();
  }

  /**
   * Does something as soon as no other process is in the way.
   * @throws WingmanError `WINGMAN_BACKEND_BUSY` when the time is up, `WINGMAN_BACKEND_CLOSED`, or what SQLite says
   */
  async run<Result>(attempt: () => Result, started = this.start()): Promise<Result> {
    const { path, clock, busyTimeout } = this.#settings;
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      if (this.isClosed) throw closed(path);
      try {
        return attempt();
      } catch (thrown) {
        if (thrown instanceof Again) continue;
        if (!isBusy(thrown)) throw toWingmanError(thrown, path);
        if (clock.monotonic() - started >= busyTimeout) throw busy(path, busyTimeout, thrown);
      }
      // At random, so that processes which met once do not meet again.
      await this.pause(pause * (0.5 + Math.random()));
    }
  }

  /** Waits for so many milliseconds, or until this is closed. */
  async pause(milliseconds: number): Promise<void> {
    await this.#settings.clock.sleep(milliseconds, this.#closing.signal);
  }

  /** What waits for other processes is refused, and what comes later. */
  close(): void {
    this.#closing.abort();
  }
}

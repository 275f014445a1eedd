import type { Backend } from '../contract/backend.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

export interface ListenerOptions {
  readonly backend: Backend;
  /** Called when there may be something to claim. */
  readonly heard: () => void;
}

/** How long one wait lasts, in milliseconds: a wake-up that is lost is made up for by the check-ins, and not by the end of this. */
const WAIT = 600_000;

/** Waits for work on behalf of a dispatcher with empty queues: one wait at a time. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #surroundings: Surroundings;
  readonly #backoff: Backoff;
  #waiting: AbortController | null = null;
  #queues: readonly string[] = [];
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ListenerOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#backoff = new Backoff(surroundings.random);
  }

  /** Whether a wait goes on that will call `heard`. */
  get isListening(): boolean {
    return this.#waiting !== null;
  }

  /** From which queues it waits for work now. */
  get awaited(): readonly string[] {
    return this.#waiting === null ? [] : this.#queues;
  }

  /** There is work, whatever the wait has heard. */
  hear(): void {
    if (this.#waiting === null) return;
    this.pause();
    this.#options.heard();
  }

  /** Does nothing while a wait goes on. */
  listen(queues: readonly string[]): void {
    if (this.#waiting !== null) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#queues = queues;
    // One that was paused may still be on its way out.
    this.#ended = this.#ended.then(() => this.#wait(queues, waiting));
  }

  /** Ends the wait. */
  pause(): void {
    // Without a reason of its own, making one would take longer than the rest.
    this.#waiting?.abort('paused');
    this.#waiting = null;
  }

  /** Settles when no wait is left. */
  stop(): Promise<void> {
    this.pause();
    return this.#ended;
  }

  async #wait(queues: readonly string[], waiting: AbortController): Promise<void> {
    const { backend, heard } = this.#options;
    const { clock, logger } = this.#surroundings;
    const { signal } = waiting;
    if (signal.aborted) return;
    try {
      await backend.wait(queues, { timeout: WAIT, signal, areEmpty: true });
      this.#backoff.reset();
    } catch (error) {
      if (signal.aborted) return;
      // The exchange that follows meets the same trouble and tells of it; a wait alone costs no more than its latency.
      logger.debug({ err: error }, 'waiting for work failed');
      await clock.sleep(this.#backoff.next(), signal);
    }
    if (this.#waiting !== waiting) return;
    this.#waiting = null;
    heard();
  }
}

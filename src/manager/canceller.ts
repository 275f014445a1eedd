import type { SignalBackend } from '../contract/backend.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

export interface CancellerOptions {
  readonly backend: SignalBackend;
  /** Whose jobs are to be cancelled; null while there is no lease. */
  readonly worker: () => string | null;
  /** Told the token of each run that is to be cancelled, once. */
  readonly cancel: (token: string) => void;
}

/** How long one wait lasts, in milliseconds: nothing is lost where it ends, and it costs a command or two. */
const WAIT = 30_000;
/** Milliseconds until it looks again whether there is a lease. */
const PAUSE = 1_000;
/** How many tokens it remembers to have passed on: each is of a run that lasts, or it would not be told. */
const MOST_KNOWN = 10_000;

/** Hears from the store which of this process's running jobs somebody wants cancelled. */
export class Canceller {
  readonly #options: CancellerOptions;
  readonly #loop: Loop;
  readonly #known = new Set<string>();
  #waiting: AbortController | null = null;

  constructor(options: CancellerOptions, surroundings: Surroundings) {
    this.#options = options;
    const tick = (stopping: AbortSignal): Promise<number> => this.#tick(stopping);
    this.#loop = new Loop({ name: 'the canceller', interval: 0, tick }, surroundings);
  }

  start(): void {
    this.#loop.start();
  }

  /** To be told when the worker's name has changed. */
  assign(): void {
    this.#known.clear();
    this.#waiting?.abort();
    this.#loop.wake();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #tick(stopping: AbortSignal): Promise<number> {
    const { backend, worker: current, cancel } = this.#options;
    const worker = current();
    if (worker === null) return PAUSE;
    this.#waiting = new AbortController();
    const signal = AbortSignal.any([stopping, this.#waiting.signal]);
    const tokens = await backend.cancellations(worker, [...this.#known], { timeout: WAIT, signal });
    if (signal.aborted) return 0;
    for (const token of tokens) {
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.add(token);
      cancel(token);
    }
    return 0;
  }
}

import type { Clock } from './clock.ts';

/** How long it polls for one answer, in milliseconds: about what it takes a sleeping thread to be woken, twice over. */
const LIMIT = 0.3;
/** How many answers it sleeps for, at most, after one that did not come in that time. */
const MOST_SKIPPED = 255;

const NOTHING = (): void => undefined;

/**
 * Keeps the event loop turning for a moment while an answer is under way, instead of letting the thread go to sleep: where the answer
 * comes from the same machine, or the next one, waking up takes as long as the answer. All else that comes up in the meantime is done.
 *
 * Answers that take longer are slept for: after each that does, twice as many as before, so that a distant server costs nothing.
 */
export class BusyPoll {
  readonly #clock: Clock;
  #left = 0;
  #skipped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An answer is under way. Returns what is to be called when it is there. */
  begin(): () => void {
    if (this.#left > 0) {
      this.#left -= 1;
      return NOTHING;
    }
    let isThere = false;
    void this.#poll(() => isThere);
    return () => {
      isThere = true;
    };
  }

  async #poll(isThere: () => boolean): Promise<void> {
    const end = this.#clock.monotonic() + LIMIT;
    while (!isThere() && this.#clock.monotonic() < end) await this.#clock.turn();
    this.#skipped = isThere() ? 0 : Math.min(2 * this.#skipped + 1, MOST_SKIPPED);
    this.#left = this.#skipped;
  }
}

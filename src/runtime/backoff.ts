const FIRST = 100;
// Work is to go on within 2 s of a store's return, its own reconnect included.
const LONGEST = 1_000;

/** How long to wait between tries during an outage: 100 ms, doubling up to 1 s, each shortened at random by up to a quarter. */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure. Returns the milliseconds to wait. */
  next(): number {
    const wait = Math.min(LONGEST, FIRST * 2 ** this.#failures);
    this.#failures += 1;
    // Those who lost the same store at the same time do not all come back at the same time.
    return Math.round(wait * (1 - this.#random() / 4));
  }

  reset(): void {
    this.#failures = 0;
  }
}

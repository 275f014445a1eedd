import type { Clock } from '../runtime/clock.ts';

/**
 * Whether work comes so seldom that whoever settles the last of it mostly finds nothing more to claim. Then the next claim is left with
 * the store beside that settling, and does not wait for its answer. Else both are one exchange, which costs the store less.
 */
export class Calm {
  readonly #clock: Clock;
  #isCalm = false;
  #partedOn = 0;
  /** A claim that is answered by then has not waited for its work: that was there. */
  #wasThereUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  /** An exchange has looked for more, and found so many. */
  looked(found: number): void {
    this.#isCalm = found === 0;
  }

  /** One that only settles is sent, and a claim is left with the store beside it. */
  parted(): void {
    this.#partedOn = this.#clock.monotonic();
    this.#wasThereUntil = Number.POSITIVE_INFINITY;
  }

  /** The one that only settles is answered. What the store has to do for the claim takes about as long again. */
  settled(): void {
    const now = this.#clock.monotonic();
    this.#wasThereUntil = now + (now - this.#partedOn);
  }

  /** A claim that was left with the store is answered. */
  woken(): void {
    if (this.#clock.monotonic() < this.#wasThereUntil) this.#isCalm = false;
  }
}

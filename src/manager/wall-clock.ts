import type { Clock } from '../runtime/clock.ts';

/** What a clock on the wall shows, which is asked once in a millisecond: small jobs end by the hundreds in that time. */
export class WallClock {
  readonly #clock: Clock;
  /** By the clock that never jumps. */
  #askedOn = Number.NEGATIVE_INFINITY;
  /** How far it is ahead of that clock. */
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param on now, by the clock that never jumps */
  at(on: number): number {
    if (on - this.#askedOn >= 1) {
      this.#askedOn = on;
      this.#ahead = this.#clock.now() - on;
    }
    return on + this.#ahead;
  }
}

/** Writes instants, each of which mostly lies in the same millisecond as the one before it. */
export class InstantWriter {
  #instant = Number.NaN;
  #text = '';

  /** @param at milliseconds since the epoch */
  write(at: number): string {
    const instant = Math.trunc(at);
    if (instant !== this.#instant) {
      this.#text = new Date(instant).toISOString();
      this.#instant = instant;
    }
    return this.#text;
  }
}

import type { Clock } from '../../runtime/clock.ts';

// Others look for their chance every millisecond or two (see `Retries`), so a gap of this length is mostly found.
const GAP = 2;

// How long a process writes without a gap.
const STREAK = 10;

// Who has written within this time probably wants to write again.
const ABOUT = 1_000;

/**
 * Lets others have their turn: this process's own event loop, which would not come round while each write begins as the last
 * one ends, and other processes, which would be shut out for as long, since SQLite keeps no queue. Times are milliseconds.
 */
export class Turns {
  readonly #clock: Clock;
  #started = Number.NEGATIVE_INFINITY;
  #ended = Number.NEGATIVE_INFINITY;
  #othersWrote = Number.NEGATIVE_INFINITY;
  #version: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to wait before the write that is to begin now, 0 for one round of the event loop; null for not at all. */
  gap(): number | null {
    const now = this.#clock.monotonic();
    const isStreak = now - this.#ended < GAP;
    if (isStreak && now - this.#started < STREAK) return null;
    this.#started = now;
    if (!isStreak) return null;
    return now - this.#othersWrote < ABOUT ? GAP : 0;
  }

  /** A write of ours has ended. @param version changes with what others write */
  wrote(version: number): void {
    const now = this.#clock.monotonic();
    if (this.#version !== undefined && this.#version !== version) {
      // They got in between our writes, so this was the first of a new streak.
      this.#othersWrote = now;
      this.#started = now;
    }
    this.#version = version;
    this.#ended = now;
  }
}

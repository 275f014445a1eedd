import type { Clock } from '../../runtime/clock.ts';

// Others look for their chance every millisecond or two (see `Retries`), so a gap of this length is mostly found.
const GAP = 2;

// How long a process writes without a gap while others want to write as well.
const STREAK = 10;

// Who has written within this time probably wants to write again.
const ABOUT = 1_000;

/**
 * Lets other processes have their turn. SQLite keeps no queue: a process that begins its next write as soon as the last has
 * ended would shut the others out for as long as it has work. All times are milliseconds.
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

  /** How long to wait before the next write, so that others get in. */
  gap(): number {
    const now = this.#clock.monotonic();
    if (now - this.#ended >= GAP) this.#started = now;
    const othersAreAbout = now - this.#othersWrote < ABOUT;
    return othersAreAbout && now - this.#started >= STREAK ? GAP : 0;
  }

  /** A write of ours has ended. @param version changes with what others write */
  wrote(version: number): void {
    const now = this.#clock.monotonic();
    if (this.#version !== undefined && this.#version !== version) {
      // They got in between our writes, so this is the first of a new streak.
      this.#othersWrote = now;
      this.#started = now;
    }
    this.#version = version;
    this.#ended = now;
  }
}

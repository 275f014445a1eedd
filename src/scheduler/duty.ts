import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

export interface DutyOptions {
  /** For the log, as `the promoter`. */
  readonly name: string;
  /** Whether it is this process's to do. */
  readonly isOurs: () => boolean;
  /** Does what is due. May give the milliseconds until there is more to do, as far as it knows; null for never. */
  readonly round: (stopping: AbortSignal) => Promise<number | null | undefined>;
  /** Milliseconds from one round to the next at least; none when left out. */
  readonly gap?: number;
  /** By how many milliseconds it is put off; 0 when left out. */
  readonly reprieve?: number;
  /** Called after a round that cannot tell what is due next. */
  readonly ask?: () => void;
}

/** Milliseconds between two looks at nothing: it is told when there is something to do. */
const IDLE = 3_600_000;
/** Milliseconds until it looks again whether it may do what is due, and told to be its own to do. */
const NOT_YET = 100;

/** Something that has to be done now and then: it sleeps until it is told that it is due. */
export class Duty {
  readonly #options: DutyOptions;
  readonly #surroundings: Surroundings;
  readonly #loop: Loop;
  /** By the monotonic clock: when it is due, and when it may be done again. */
  #due = Number.POSITIVE_INFINITY;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: DutyOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    const tick = (stopping: AbortSignal): Promise<number> => this.#tick(stopping);
    this.#loop = new Loop({ name: options.name, interval: IDLE, tick }, surroundings);
  }

  start(): void {
    this.#loop.start();
  }

  /** Settles when the round in flight has ended. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** There will be something to do in so many milliseconds, and not before; null for nothing in sight. */
  tell(due: number | null): void {
    const at = this.#at(due) + (this.#options.reprieve ?? 0);
    const isSooner = at < this.#due;
    // What is due already is not put off once more.
    if (isSooner || due !== 0) this.#due = at;
    if (isSooner) this.#loop.wake();
  }

  async #tick(stopping: AbortSignal): Promise<number> {
    const { isOurs, round, gap = 0, ask } = this.#options;
    const { clock } = this.#surroundings;
    const left = Math.max(this.#due, this.#notBefore) - clock.monotonic();
    if (left > 0) return Math.min(left, IDLE);
    if (!isOurs()) return NOT_YET;
    this.#due = Number.POSITIVE_INFINITY;
    this.#notBefore = clock.monotonic() + gap;
    try {
      const next = await round(stopping);
      if (next === undefined) ask?.();
      else this.#due = Math.min(this.#due, this.#at(next));
    } catch (error) {
      this.#due = clock.monotonic();
      throw error;
    }
    return Math.min(Math.max(this.#due, this.#notBefore) - clock.monotonic(), IDLE);
  }

  #at(due: number | null): number {
    return due === null ? Number.POSITIVE_INFINITY : this.#surroundings.clock.monotonic() + due;
  }
}

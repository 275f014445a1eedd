import type { Clock } from '../../runtime/clock.ts';

/**
 * Notices a server that has fallen silent: it owes replies, and has given none for `limit` milliseconds. It was stopped, or
 * the network swallows what is sent; in either case the connection looks alive for many minutes.
 *
 * States: at rest (nothing is owed, no timer), or on watch. One timer serves all commands, however many there are.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #silent: () => void;
  #owed = 0;
  #heard = 0;
  #stop: (() => void) | undefined;

  /** @param silent called when the limit has passed; it must see to it that what is owed is given up */
  constructor(clock: Clock, limit: number, silent: () => void) {
    this.#clock = clock;
    this.#limit = limit;
    this.#silent = silent;
  }

  /** A command was sent. */
  sent(): void {
    if (this.#owed === 0) this.#heard = this.#clock.monotonic();
    this.#owed += 1;
    if (this.#stop === undefined) this.#watch(this.#limit);
  }

  /** A command was answered, or given up. */
  settled(): void {
    this.#owed -= 1;
    this.#heard = this.#clock.monotonic();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #watch(time: number): void {
    this.#stop = this.#clock.after(time, () => void this.#look());
  }

  async #look(): Promise<void> {
    // When this process was busy for long, the timer comes first and the replies, which are here already, after it.
    if (this.#left() <= 0) await this.#clock.turn();
    if (this.#stop === undefined) return;
    this.#stop = undefined;
    if (this.#owed === 0) return;
    const left = this.#left();
    if (left > 0) this.#watch(left);
    else this.#silent();
  }

  #left(): number {
    return this.#heard + this.#limit - this.#clock.monotonic();
  }
}

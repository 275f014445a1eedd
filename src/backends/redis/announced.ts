import type { Clock } from '../../runtime/clock.ts';

/** How long a queue is known, in milliseconds: whoever empties a database has its queues named anew after so long. */
const LIFE = 60_000;
/** Names are few where they are not made from data. */
const MOST = 1_000;

/**
 * Queues of which the store has the names, by this client's word: nearly each job comes to such a one, and to name it again would be a
 * command. All of them are forgotten after a while, and where the connection was made anew, since the server may have lost what it had.
 */
export class Announced {
  readonly #clock: Clock;
  readonly #epoch: () => number;
  readonly #queues = new Set<string>();
  #since = 0;
  #of = 0;

  /** @param epoch another number after each reconnect */
  constructor(clock: Clock, epoch: () => number) {
    this.#clock = clock;
    this.#epoch = epoch;
  }

  has(queue: string): boolean {
    const isOver = this.#epoch() !== this.#of || this.#clock.monotonic() - this.#since > LIFE;
    if (isOver || this.#queues.size > MOST) this.#forget();
    return this.#queues.has(queue);
  }

  /** @param epoch as it was when the store was told: a reply may come when it has changed */
  add(queue: string, epoch: number): void {
    if (epoch === this.#of) this.#queues.add(queue);
  }

  #forget(): void {
    this.#queues.clear();
    this.#since = this.#clock.monotonic();
    this.#of = this.#epoch();
  }
}

import type { Clock } from '../../runtime/clock.ts';

/**
 * Whether a connection can be used, and who waits until it can.
 *
 * States: `unready` (as it begins, and in each outage), `ready`, and `over`, which is for good.
 */
export class Readiness {
  readonly #clock: Clock;
  readonly #waiters = new Set<() => void>();
  #state: 'unready' | 'ready' | 'over' = 'unready';
  #epoch = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): 'unready' | 'ready' | 'over' {
    return this.#state;
  }

  /** Counts the connections that became ready: what is true of one may not be of the next. */
  get epoch(): number {
    return this.#epoch;
  }

  ready(): void {
    if (this.#state !== 'unready') return;
    this.#epoch += 1;
    this.#turn('ready');
  }

  lost(): void {
    if (this.#state === 'ready') this.#state = 'unready';
  }

  end(): void {
    this.#turn('over');
  }

  /** Resolves when it is ready or over, or after `limit` milliseconds. */
  async settled(limit: number): Promise<void> {
    if (this.#state !== 'unready' || limit <= 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        this.#waiters.delete(end);
        stop();
        resolve();
      };
      const stop = this.#clock.after(limit, end);
      this.#waiters.add(end);
    });
  }

  #turn(state: 'ready' | 'over'): void {
    this.#state = state;
    for (const end of [...this.#waiters]) end();
  }
}

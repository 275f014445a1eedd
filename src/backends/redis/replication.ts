import type { Clock } from '../../runtime/clock.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

/** While a connection waits for replicas, all else that is sent over it waits as well: so it does that in slices. */
const SLICE = 100;

/** Knows over which connection a handle has written last, and waits until that is on replicas. */
export class Replication {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;
  /** The epoch of the connection that the last write was answered over. */
  #written: number | undefined;

  constructor(connection: Connection, keys: Keys, clock: Clock) {
    this.#connection = connection;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** A write was answered just now. */
  wrote(): void {
    this.#written = this.#connection.epoch;
  }

  /**
   * On how many replicas the writes of this handle are, as soon as it is `replicas` of them, or else after `timeout`
   * milliseconds. What was written over a connection that is gone may have been written to another server, since failed: of
   * that nothing can be told, and the answer is 0. Whoever repeats the write over the present one can ask again.
   */
  async replicated(replicas: number, timeout: number): Promise<number> {
    const end = this.#clock.monotonic() + timeout;
    const written = this.#written;
    // WAIT goes by what this connection has written last. A repeated call may have written nothing over it, and some
    // servers forget; the mark is a write, and what is replicated is so in order.
    await this.#connection.run('mark', this.#keys, []);
    const { epoch } = this.#connection;
    for (;;) {
      if (this.#connection.epoch !== epoch || (written ?? epoch) !== epoch) return 0;
      const left = Math.ceil(end - this.#clock.monotonic());
      // A limit of 0 would be none.
      const limit = Math.min(SLICE, Math.max(1, left));
      const reached = await this.#connection.attempt((client) => client.wait(replicas, limit));
      if (this.#connection.epoch !== epoch) return 0;
      if (reached >= replicas || left <= limit) return reached;
    }
  }
}

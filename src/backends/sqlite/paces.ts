import type { StoredLock } from '../../core/lock.ts';
import { spentBy, startsAt } from '../../core/rate.ts';
import type { Connection } from './connection.ts';
import { integer, real } from './rows.ts';
import { paces } from './statements.ts';

/** When what may start by which rate, and what the keys are limited to that jobs wait for; within one transaction. */
export class Paces {
  readonly #connection: Connection;
  readonly #now: number;

  constructor(connection: Connection, now: number) {
    this.#connection = connection;
    this.#now = now;
  }

  /** The instant at which all that has started is made up for. */
  spent(key: string): number {
    return real(this.#connection.get(paces.spent, key)?.spent ?? 0);
  }

  pausedUntil(key: string): number {
    return real(this.#connection.get(paces.pausedUntil, key)?.until ?? 0);
  }

  /** The instant from which on one more job may start; infinite where all places are kept for others. */
  startsAt({ key, concurrency, interval = 0 }: StoredLock, reserved: number): number {
    const at = startsAt(this.spent(key), { concurrency, interval }, reserved, this.#now);
    return Math.max(at, this.pausedUntil(key));
  }

  /** A job starts. */
  spend({ key, concurrency, interval = 0 }: StoredLock): void {
    this.#connection.run(paces.spend, key, spentBy(this.spent(key), { concurrency, interval }, this.#now));
  }

  /** The next place of a key comes free at an instant. */
  setTimer(key: string, at: number): void {
    if (Number.isFinite(at)) this.#connection.run(paces.setTimer, key, at);
  }

  /** The limit that holds while jobs wait for a key: that of the newest of those which came up. */
  limitOf(lock: StoredLock): StoredLock {
    const row = this.#connection.get(paces.newest, lock.key);
    if (row === undefined) return lock;
    const limit = { key: lock.key, concurrency: integer(row.concurrency) };
    return row.pace === null ? limit : { ...limit, interval: real(row.pace) };
  }

  /**
   * A job that was enqueued as this number waits for a lock from now on.
   * @param isFirst nobody waited for it before
   * @returns whether the key is to be granted anew: it is a rate's, or its limit has changed
   */
  learn({ key, concurrency, interval }: StoredLock, sequence: number, isFirst: boolean): boolean {
    const row = isFirst ? undefined : this.#connection.get(paces.newest, key);
    if (row !== undefined && integer(row.sequence) >= sequence) return false;
    this.#connection.run(paces.learn, key, sequence, concurrency, interval ?? null);
    if (interval !== undefined) return true;
    return row !== undefined && (integer(row.concurrency) !== concurrency || row.pace !== null);
  }

  /** Nobody waits for a key any more. */
  forget(key: string): void {
    this.#connection.run(paces.forget, key);
  }
}

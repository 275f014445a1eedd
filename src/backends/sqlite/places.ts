import type { StoredLock } from '../../core/lock.ts';
import type { Connection } from './connection.ts';
import type { Paces } from './paces.ts';
import { type Entry, integer, textOf } from './rows.ts';
import { places, questions } from './statements.ts';

/** Who has which place of which lock key. In a transaction a key is looked at once, however many jobs ask for it. */
export class Places {
  readonly #connection: Connection;
  readonly #taken = new Map<string, number>();
  readonly #waitedFor = new Map<string, boolean>();

  readonly #paces: Paces;
  readonly #now: number;
  readonly #touched: Set<string>;
  /** Keys for which fewer wait than before. */
  readonly #left = new Set<string>();

  /** @param touched gets the keys that are to be granted before this step ends */
  constructor(connection: Connection, paces: Paces, now: number, touched: Set<string>) {
    this.#connection = connection;
    this.#paces = paces;
    this.#now = now;
    this.#touched = touched;
  }

  /** Of keys that nobody waits for any more, nothing needs to be known. */
  save(): void {
    for (const key of this.#left) if (!this.hasWaiters(key)) this.#paces.forget(key);
  }

  /** Whether a job that comes up must wait for this lock: it is full, or others wait already. */
  isFull(lock: StoredLock): boolean {
    return this.hasNoPlace(lock) || this.hasWaiters(lock.key);
  }

  /** @param freed places that are about to come free */
  hasNoPlace(lock: StoredLock, freed = 0): boolean {
    const taken = this.taken(lock.key) - freed;
    return lock.interval === undefined ? taken >= lock.concurrency : this.#paces.startsAt(lock, taken) > this.#now;
  }

  taken(key: string): number {
    let taken = this.#taken.get(key);
    if (taken === undefined) {
      taken = integer(this.#connection.get(places.count, key)?.taken);
      this.#taken.set(key, taken);
    }
    return taken;
  }

  hasWaiters(key: string): boolean {
    let waitedFor = this.#waitedFor.get(key);
    if (waitedFor === undefined) {
      waitedFor = this.#connection.get(questions.hasWaiters, key) !== undefined;
      this.#waitedFor.set(key, waitedFor);
    }
    return waitedFor;
  }

  /** A job is held for this key from now on, or one is so no longer. */
  waitersChanged(key: string, by: 1 | -1): void {
    if (by === 1) {
      this.#waitedFor.set(key, true);
    } else {
      this.#waitedFor.delete(key);
      this.#left.add(key);
    }
  }

  holds(entry: Entry, key: string): boolean {
    return mayHold(entry) && this.#connection.get(places.has, key, entry.sequence) !== undefined;
  }

  /** The first lock that keeps a job from running now, not counting the places that it has already. */
  firstFull(entry: Entry): StoredLock | undefined {
    return entry.locks?.find((lock) => !this.holds(entry, lock.key) && this.isFull(lock));
  }

  /**
   * Takes a place, for the claim of this token or for a grant, or marks the one that the job has. A job that starts by a rate
   * uses its place up.
   */
  take(entry: Entry, lock: StoredLock, token: number | null): void {
    const { key, interval } = lock;
    if (interval !== undefined && token !== null) {
      if (mayHold(entry) && this.#connection.run(places.free, key, entry.sequence) > 0) this.#count(key, -1);
      this.#paces.spend(lock);
      if (this.hasWaiters(key)) this.#touched.add(key);
      return;
    }
    if (mayHold(entry) && this.#connection.run(places.retake, token, key, entry.sequence) > 0) return;
    this.#connection.run(places.take, key, entry.sequence, token);
    this.#count(key, 1);
  }

  /** Frees every place that a job has. Returns the keys, in order. */
  free({ sequence, locks }: Pick<Entry, 'sequence' | 'locks'>): string[] {
    const freed =
      locks === undefined
        ? this.#connection.all(places.freeAll, sequence).map(({ key }) => textOf(key))
        : (locks ?? []).map(({ key }) => key).filter((key) => this.#connection.run(places.free, key, sequence) > 0);
    for (const key of freed) this.#count(key, -1);
    return freed;
  }

  #count(key: string, by: 1 | -1): void {
    const taken = this.#taken.get(key);
    if (taken !== undefined) this.#taken.set(key, taken + by);
  }
}

/** Only a job that runs or has a grant can have a place; or one that waits for another, and was passed over too often. */
function mayHold({ state, granted, locks }: Entry): boolean {
  return state === 'processing' || granted || (state === 'held' && (locks?.length ?? 0) > 1);
}

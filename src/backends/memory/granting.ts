import { GRANT_BUDGET, MOST_PASSES, type Move, PASS_BUDGET, RESUMED_KEYS } from '../../contract/backend.ts';
import type { StoredLock } from '../../core/lock.ts';
import { type Books, type Entry, move, remove } from './books.ts';

/** What is left of a step's bound. */
export interface Bound {
  looks: number;
}

export function newBound(): Bound {
  return { looks: GRANT_BUDGET };
}

/**
 * Gives the free places of a key to the jobs that wait for it, longest first. A job that needs other locks as well gets all
 * or none: if another is full, it goes on to wait for that one and holds nothing, unless that has happened too often.
 */
function grantPlaces(books: Books, key: string, until: number, bound: Bound): Move[] {
  const moves: Move[] = [];
  for (;;) {
    const next = books.waiters.get(key)?.[0];
    if (next === undefined) return moves;
    if (bound.looks === 0) {
      books.leaveUngranted(key);
      return moves;
    }
    bound.looks -= 1;
    const locks = next.job.locks ?? [];
    const own = locks.find((lock) => lock.key === key);
    if (own === undefined) return moves;
    const limit = books.limitOf(own);
    if (books.hasNoPlace(limit)) {
      // The places of a rate come free by time.
      if (limit.interval !== undefined) books.setTimer(key, books.startsAt(limit));
      return moves;
    }
    const full = locks.find((lock) => lock.key !== key && books.isFull(lock));
    const passes = next.passes ?? 0;
    if (full !== undefined && passes < MOST_PASSES) {
      books.unhold(next);
      next.passes = passes + 1;
      books.hold(next, full.key);
    } else if (full === undefined || hoard(books, next, key)) {
      books.grant(next, until);
      moves.push(move('granted', next, key));
    }
  }
}

/**
 * Takes the places of a job that has come to the head of `key` in the order of their keys, up to the first that it cannot
 * have, for which it then waits with what it has. Whether it has them all.
 */
function hoard(books: Books, entry: Entry, key: string): boolean {
  books.unhold(entry);
  for (const lock of entry.job.locks ?? []) {
    if (books.holds(entry, lock.key)) continue;
    if (lock.key !== key && books.isFull(lock)) {
      books.hold(entry, lock.key);
      return false;
    }
    books.take(entry, lock, null);
  }
  return true;
}

/** Grants the places of several keys, each once, in order; then those of the keys that this step has touched. */
export function grantAll(books: Books, keys: Iterable<string>, until: number, bound: Bound): Move[] {
  const moves = [...new Set(keys)].flatMap((key) => grantPlaces(books, key, until, bound));
  for (const key of books.touched) {
    books.touched.delete(key);
    moves.push(...grantPlaces(books, key, until, bound));
  }
  return moves;
}

/** The keys that steps before left at their bound, to be granted now. */
export function resumed(books: Books): string[] {
  const keys = [...books.ungranted].slice(0, RESUMED_KEYS);
  for (const key of keys) books.ungranted.delete(key);
  return keys;
}

/** A job that was handed back joins those that wait for its locks; the grants that follow mostly give it its place again. */
export function requeue(books: Books, entry: Entry): string[] {
  const [first] = entry.job.locks ?? [];
  if (first === undefined) {
    books.toFront(entry);
    return [];
  }
  books.hold(entry, first.key);
  return [first.key];
}

/** Passes a grant that nobody claimed to a job of another queue that waits for the same key, or renews it. Tells how many it looked at. */
export function passGrant(
  books: Books,
  id: string,
  until: number,
  bound: Bound,
): { readonly moves: readonly Move[]; readonly looks: number } {
  const entry = books.jobs.get(id);
  let looks = 0;
  if (entry === undefined) return { moves: [], looks };
  for (const lock of entry.job.locks ?? []) {
    const waiting = books.waiters.get(lock.key)?.slice(0, PASS_BUDGET) ?? [];
    const at = waiting.findIndex(
      (waiter) => waiter.job.queue !== entry.job.queue && couldReplace(books, waiter, entry, lock.key),
    );
    const other = waiting[at];
    looks += other === undefined ? waiting.length : at + 1;
    if (other === undefined) continue;
    const freed = books.free(entry);
    remove(books.queue(entry.job.queue).granted, entry);
    books.toFront(entry);
    books.grant(other, until);
    return { moves: [move('granted', other, lock.key), ...grantAll(books, freed, until, bound)], looks };
  }
  books.grants.set(id, until);
  return { moves: [], looks };
}

function couldReplace(books: Books, waiter: Entry, holder: Entry, key: string): boolean {
  return (waiter.job.locks ?? []).every((lock) => {
    if (books.holds(waiter, lock.key)) return true;
    if (lock.key !== key && (books.waiters.get(lock.key)?.length ?? 0) > 0) return false;
    const freed = books.holds(holder, lock.key) ? 1 : 0;
    return !books.hasNoPlace(lock.key === key ? books.limitOf(lock) : lock, freed);
  });
}

/** The first lock that keeps a job from running now, not counting the places that it has already. */
export function firstFull(books: Books, entry: Entry): StoredLock | undefined {
  return (entry.job.locks ?? []).find((lock) => !books.holds(entry, lock.key) && books.isFull(lock));
}

import { MOST_PASSES, type Move, PASS_BUDGET, RESUMED_KEYS } from '../../contract/backend.ts';
import { type Books, move } from './books.ts';
import { type Entry, integer, textOf, toListed } from './rows.ts';
import { passes, questions, transitions, ungranted } from './statements.ts';

const DAMAGED = 'its locks are damaged';

/**
 * Gives the free places of a key to the jobs that wait for it, longest first. A job that needs other locks as well gets all
 * or none: if another is full, it goes on to wait for that one and holds nothing, unless that has happened too often.
 */
function grantPlaces(books: Books, key: string): Move[] {
  const moves: Move[] = [];
  for (;;) {
    // For most keys nobody waits. This asks for less than a job, and remembers what it was told.
    if (!books.places.hasWaiters(key)) return moves;
    const [next] = waiters(books, key, 1);
    if (next === undefined) return moves;
    if (books.looks === 0) {
      books.leaveUngranted(key);
      return moves;
    }
    books.looks -= 1;
    const own = next.locks?.find((lock) => lock.key === key);
    if (own === undefined) {
      // Held for a lock that it does not name: it would wait for ever, and all others behind it.
      books.places.waitersChanged(key, -1);
      books.connection.run(passes.forget, next.sequence);
      for (const freed of books.places.free(next)) books.leaveUngranted(freed);
      moves.push(books.bury(next, DAMAGED));
      continue;
    }
    const limit = books.paces.limitOf(own);
    if (books.places.hasNoPlace(limit)) {
      // The places of a rate come free by time.
      if (limit.interval !== undefined) {
        books.paces.setTimer(key, books.paces.startsAt(limit, books.places.taken(key)));
      }
      return moves;
    }
    const full = next.locks?.find((lock) => lock.key !== key && books.places.isFull(lock));
    if (full !== undefined && books.passes(next) < MOST_PASSES) {
      books.places.waitersChanged(key, -1);
      books.connection.run(passes.add, next.sequence);
      books.hold(next, full.key);
    } else if (full === undefined || hoard(books, next, key)) {
      books.grant(next, key);
      moves.push(move('granted', next, key));
    }
  }
}

/**
 * Takes the places of a job that has come to the head of `key` in the order of their keys, up to the first that it cannot
 * have, for which it then waits with what it has. Whether it has them all.
 */
function hoard(books: Books, entry: Entry, key: string): boolean {
  for (const lock of entry.locks ?? []) {
    if (books.places.holds(entry, lock.key)) continue;
    if (lock.key !== key && books.places.isFull(lock)) {
      books.places.waitersChanged(key, -1);
      books.hold(entry, lock.key);
      return false;
    }
    books.places.take(entry, lock, null);
  }
  return true;
}

/** Grants the places of several keys, each once, in order; then those of the keys that this step has touched. */
export function grantAll(books: Books, keys: Iterable<string>): Move[] {
  const moves = [...new Set(keys)].flatMap((key) => grantPlaces(books, key));
  for (const key of books.touched) {
    books.touched.delete(key);
    moves.push(...grantPlaces(books, key));
  }
  return moves;
}

/** The keys that steps before left at their bound, to be granted now. */
export function resumed({ connection, glance }: Books): string[] {
  if (!glance.hasUngranted) return [];
  const rows = connection.all(ungranted.take, RESUMED_KEYS);
  return [...rows].sort((a, b) => integer(a.number) - integer(b.number)).map(({ key }) => textOf(key));
}

/** Whether steps left places to be granted. */
export function hasUngranted({ connection, glance, leftUngranted }: Books): boolean {
  return (glance.hasUngranted || leftUngranted) && connection.get(ungranted.any) !== undefined;
}

/**
 * A job that was handed back joins those that wait for its locks; the grants that follow mostly give it its place again.
 * Returns the key to grant, if any; a job whose locks cannot be read goes to the dead letters.
 */
export function requeue(
  books: Books,
  entry: Entry,
): { readonly freed: readonly string[]; readonly moves: readonly Move[] } {
  if (entry.locks === undefined) return { freed: [], moves: [books.bury(entry, DAMAGED)] };
  const [first] = entry.locks ?? [];
  if (first === undefined) {
    books.toFront(entry);
    return { freed: [], moves: [] };
  }
  books.hold(entry, first.key);
  return { freed: [first.key], moves: [] };
}

/** Passes a grant that nobody claimed to a job of another queue that waits for the same key, or renews it. Tells how many it looked at. */
export function passGrant(books: Books, entry: Entry): { readonly moves: readonly Move[]; readonly looks: number } {
  let looks = 0;
  for (const { key } of entry.locks ?? []) {
    const waiting = waiters(books, key, PASS_BUDGET);
    const at = waiting.findIndex((waiter) => waiter.queue !== entry.queue && couldReplace(books, waiter, entry, key));
    const other = waiting[at];
    looks += other === undefined ? waiting.length : at + 1;
    if (other === undefined) continue;
    const freed = books.places.free(entry);
    books.toFront(entry);
    books.grant(other, key);
    return { moves: [move('granted', other, key), ...grantAll(books, freed)], looks };
  }
  books.connection.run(transitions.renewGrant, books.grantEnds, entry.sequence);
  return { moves: [], looks };
}

function couldReplace({ places, paces }: Books, waiter: Entry, holder: Entry, key: string): boolean {
  if (waiter.locks === undefined) return false;
  return (waiter.locks ?? []).every((lock) => {
    if (places.holds(waiter, lock.key)) return true;
    if (lock.key !== key && places.hasWaiters(lock.key)) return false;
    const freed = places.holds(holder, lock.key) ? 1 : 0;
    return !places.hasNoPlace(lock.key === key ? paces.limitOf(lock) : lock, freed);
  });
}

function waiters(books: Books, key: string, limit: number): Entry[] {
  return books.connection.rows(questions.waiters, key, limit).map(toListed);
}

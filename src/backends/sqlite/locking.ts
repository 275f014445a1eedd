import type { CancelReply, LockReply, UnlockReply } from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import type { StoredLock } from '../../core/lock.ts';
import { type Books, move } from './books.ts';
import type { Connection } from './connection.ts';
import { grantAll } from './granting.ts';
import { type Entry, integer, lockText } from './rows.ts';
import { cancels, transitions } from './statements.ts';

/** Takes all locks of a claimed job, or holds it at the first that is full. */
export function lock(books: Books, job: ClaimedJob, locks: readonly StoredLock[] | undefined): LockReply {
  const entry = books.owned(job);
  if (entry === undefined) return { state: 'stale', moves: [] };
  if (locks !== undefined) {
    entry.locks = locks;
    books.connection.run(transitions.setLocks, lockText(locks), entry.sequence);
  }
  if (entry.locks === undefined) {
    const freed = books.places.free(entry);
    return { state: 'stale', moves: [books.bury(entry, 'its locks are damaged'), ...grantAll(books, freed)] };
  }
  if (entry.locks === null || entry.locks.length === 0) return { state: 'none', moves: [] };
  const full = books.places.firstFull(entry);
  if (full !== undefined) {
    const freed = books.places.free(entry);
    if (books.isToCancel(entry)) {
      books.remove(entry, 'cancelled');
      return { state: 'stale', moves: [move('cancelled', entry, job.worker), ...grantAll(books, freed)] };
    }
    books.hold(entry, full.key);
    return { state: 'held', moves: [move('held', entry, full.key), ...grantAll(books, freed)] };
  }
  for (const one of entry.locks) books.places.take(entry, one, entry.token);
  return { state: 'locked', moves: grantAll(books, []) };
}

/** Frees what a claimed job holds, and grants the places. */
export function unlock(books: Books, job: ClaimedJob): UnlockReply {
  const entry = books.owned(job);
  const freed = entry === undefined ? [] : books.places.free(entry);
  return { freed: freed.length, moves: grantAll(books, freed) };
}

/** Removes a job that neither runs nor has ended, and marks one that runs. */
export function cancel(books: Books, id: string): CancelReply {
  const entry = books.find(id);
  if (entry === undefined) return { result: 'unknown', moves: [] };
  if (entry.state === 'failed' || entry.state === 'completed') return { result: entry.state, moves: [] };
  if (entry.state === 'processing') {
    books.connection.run(cancels.ask, entry.sequence, entry.token);
    return { result: 'asked', moves: [] };
  }
  return { result: 'cancelled', moves: grantAll(books, removeWaiting(books, entry)) };
}

/** Removes a job that neither runs nor has ended. Returns the lock keys that are to be granted. */
export function removeWaiting(books: Books, entry: Entry): string[] {
  const freed = books.places.free(entry);
  // It may have been what those behind it waited for.
  if (entry.state === 'held') freed.push(books.unhold(entry));
  books.remove(entry, 'cancelled');
  return freed;
}

/** The tokens of a worker's runs that are to be cancelled. */
export function toCancel(connection: Connection, worker: string): string[] {
  return connection.all(cancels.of, worker).map(({ token }) => String(integer(token)));
}

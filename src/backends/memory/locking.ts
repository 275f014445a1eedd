import type { CancelReply, LockReply, UnlockReply } from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import type { StoredLock } from '../../core/lock.ts';
import { type Books, type Entry, move, remove } from './books.ts';
import type { Desk } from './desk.ts';
import { ownedEntry } from './exchange.ts';
import { firstFull } from './granting.ts';
import { isToCancel } from './taking-back.ts';

/** Takes all locks of a claimed job, or holds it at the first that is full. */
export function lock(desk: Desk, job: ClaimedJob, locks?: readonly StoredLock[]): LockReply {
  const { books } = desk;
  const entry = ownedEntry(books, job);
  if (entry === undefined) return { state: 'stale', moves: [] };
  if (locks !== undefined) entry.job = { ...entry.job, locks };
  if ((entry.job.locks ?? []).length === 0) return { state: 'none', moves: [] };
  const full = firstFull(books, entry);
  if (full !== undefined) {
    const freed = books.free(entry);
    if (isToCancel(entry)) {
      books.leave(entry);
      books.erase(entry, 'cancelled');
      return { state: 'stale', moves: [move('cancelled', entry, job.worker), ...desk.grant(freed)] };
    }
    books.hold(entry, full.key);
    return { state: 'held', moves: [move('held', entry, full.key), ...desk.grant(freed)] };
  }
  for (const one of entry.job.locks ?? []) books.take(entry, one, job.token);
  return { state: 'locked', moves: desk.grant([]) };
}

/** Frees what a claimed job has, and grants the places. */
export function unlock(desk: Desk, job: ClaimedJob): UnlockReply {
  const entry = ownedEntry(desk.books, job);
  const freed = entry === undefined ? [] : desk.books.free(entry);
  return { freed: freed.length, moves: desk.grant(freed) };
}

/** Removes a job that neither runs nor has ended; of one that runs, tells its worker. */
export function cancel(desk: Desk, id: string): CancelReply {
  const { books } = desk;
  const entry = books.jobs.get(id);
  if (entry === undefined) return { result: 'unknown', moves: [] };
  if (entry.state === 'failed' || entry.state === 'completed') return { result: entry.state, moves: [] };
  if (entry.owner !== undefined) {
    entry.cancelAsked = entry.owner.token;
    desk.call(entry.owner.worker);
    return { result: 'asked', moves: [] };
  }
  return { result: 'cancelled', moves: desk.grant(removeWaiting(books, entry)) };
}

/** Removes a job that neither runs nor has ended. Returns the lock keys that are to be granted. */
export function removeWaiting(books: Books, entry: Entry): string[] {
  const { granted, list } = books.queue(entry.job.queue);
  if (!remove(granted, entry)) remove(list, entry);
  const { heldFor } = entry;
  books.unhold(entry);
  const freed = books.free(entry);
  books.erase(entry, 'cancelled');
  // It may have been what those behind it waited for.
  if (heldFor !== undefined) freed.push(heldFor);
  return freed;
}

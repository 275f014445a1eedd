import type { Acted, Move, SweepReply } from '../../contract/backend.ts';
import { withoutDeadline } from '../../core/extras.ts';
import type { Keep } from '../../core/keep.ts';
import { CRASHED } from '../../core/outcome.ts';
import { type Books, type Entry, move } from './books.ts';
import { byCompletion, byFailure } from './listing.ts';
import { retakeKey } from './uniqueness.ts';

/** Keeps a job as failed whose worker vanished too often in a row; no attempt is used. */
export function quarantine(books: Books, entry: Entry, now: number): void {
  books.keepFailure(entry, CRASHED, now);
  books.fail(entry, now);
  books.failed += 1;
}

/** Gives a failed job a new set of attempts, and frees it of its deadline. */
export function retryFailed(books: Books, id: string, now: number): Acted<'retried'> {
  const entry = books.jobs.get(id);
  if (entry === undefined) return 'unknown';
  if (entry.state !== 'failed' || !retakeKey(books, entry.job, now)) return 'refused';
  const { extras, ...job } = entry.job;
  const left = extras === undefined ? undefined : withoutDeadline(extras);
  entry.job = { ...job, ...(left !== undefined && { extras: left }), attempts: 0, crashes: 0 };
  books.toBack(entry);
  return 'retried';
}

/** Removes a job that has ended. */
export function discard(books: Books, id: string): Acted<'discarded'> {
  const entry = books.jobs.get(id);
  if (entry === undefined) return 'unknown';
  if (entry.state !== 'failed' && entry.state !== 'completed') return 'refused';
  books.erase(entry, 'discarded');
  return 'discarded';
}

/** Removes jobs that were kept for long enough, failed ones first, then completed ones type by type. */
export function expire(books: Books, failed: Keep, limit: number, now: number): SweepReply {
  const moves: Move[] = [];
  const drop = (kept: readonly Entry[], endedAt: (entry: Entry) => number, rule: Keep): void => {
    const expired = kept.slice(0, surplus(kept.map(endedAt), rule, now)).slice(0, limit - moves.length);
    for (const entry of expired) {
      books.erase(entry, 'discarded');
      moves.push(move('expired', entry));
    }
  };
  drop(byFailure(books), ({ failedAt = 0 }) => failedAt, failed);
  for (const [type, rule] of [...books.keepRules].sort(([a], [b]) => (a < b ? -1 : 1))) {
    drop(byCompletion(books, type), ({ completedAt = 0 }) => completedAt, rule);
  }
  return { moves, more: moves.length === limit };
}

/** How many of the jobs kept, oldest first, are too old or too many. */
function surplus(ends: readonly number[], rule: Keep, now: number): number {
  const tooOld = rule.for === null ? 0 : ends.filter((end) => end + (rule.for ?? 0) <= now).length;
  const tooMany = rule.count === null ? 0 : ends.length - rule.count;
  return Math.max(tooOld, tooMany, 0);
}

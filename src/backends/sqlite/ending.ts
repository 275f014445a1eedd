import type { Acted, Move, SweepReply } from '../../contract/backend.ts';
import type { Keep } from '../../core/keep.ts';
import { type Books, move } from './books.ts';
import { toStored } from './numbers.ts';
import { type Entry, text, toEntry } from './rows.ts';
import { kept, questions } from './statements.ts';
import { retakeKey } from './uniqueness.ts';

/** Gives a failed job a new set of attempts. */
export function retryFailed(books: Books, id: string): Acted<'retried'> {
  const entry = books.find(id);
  if (entry === undefined) return 'unknown';
  if (entry.state !== 'failed' || !retakeKey(books.connection, entry, books.now)) return 'refused';
  books.retryFailed(entry);
  return 'retried';
}

/** Removes a job that has ended. */
export function discard(books: Books, id: string): Acted<'discarded'> {
  const entry = books.find(id);
  if (entry === undefined) return 'unknown';
  if (entry.state !== 'failed' && entry.state !== 'completed') return 'refused';
  books.remove(entry, 'discarded');
  return 'discarded';
}

/** Removes up to `limit` jobs that were kept for long enough, failed ones first, then completed ones type by type. */
export function expire(books: Books, failed: Keep, limit: number): SweepReply {
  const { connection, now } = books;
  const moves: Move[] = [];
  const remove = (entries: readonly Entry[]): void => {
    for (const entry of entries) {
      books.remove(entry, 'discarded');
      moves.push(move('expired', entry));
    }
  };
  const failedBy: Ended = (by, most) => connection.all(questions.failedBy, by, most).map(toEntry);
  const countFailed = (): number => books.tallies.totals.failed;
  remove(surplus(failedBy, countFailed, failed, now, limit));
  // Sorted here: asked for in order, SQLite would go through all types that keep anything.
  const types = connection.all(kept.expiring, now).map(({ type }) => text(type));
  for (const type of types.sort()) {
    const shelf = books.kept.of(type);
    if (shelf === undefined || moves.length === limit) break;
    const completedBy: Ended = (by, most) => connection.all(questions.completedBy, type, by, most).map(toEntry);
    remove(surplus(completedBy, () => shelf.jobs, shelf.rule, now, limit - moves.length));
  }
  return { moves, more: moves.length === limit };
}

/** Those that ended by an instant, oldest first, and so many at most. */
type Ended = (by: number, most: number) => Entry[];

/** Those, oldest first, that are too old or too many. */
function surplus(ended: Ended, count: () => number, rule: Keep, now: number, limit: number): Entry[] {
  const tooOld = rule.for === null ? [] : ended(toStored(Math.floor(now - rule.for)), limit);
  const tooMany = rule.count === null ? 0 : Math.min(count() - rule.count, limit);
  return tooMany > tooOld.length ? ended(Number.MAX_SAFE_INTEGER, tooMany) : tooOld;
}

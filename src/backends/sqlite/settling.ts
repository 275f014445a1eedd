import type { Move, Settled, Settlement } from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import { goesOn, type Outcome } from '../../core/outcome.ts';
import type { Books } from './books.ts';
import { requeue } from './granting.ts';
import { instantOf, toToken } from './numbers.ts';
import { type Entry, integer, parseExtras, parseLocks } from './rows.ts';
import { transitions } from './statements.ts';

type Completed = Extract<Outcome, { kind: 'completed' }>;

/** What a batch of settlements did. The places in `freed` are still to be granted. */
export interface Settlements {
  readonly settled: readonly Settled[];
  readonly freed: readonly string[];
  readonly moves: readonly Move[];
}

export function settleAll(books: Books, settlements: readonly Settlement[]): Settlements {
  const freed: string[] = [];
  const released: Entry[] = [];
  const settled = settlements.map((settlement) => settle(books, settlement, freed, released));
  // The lowest token comes to the front last, and so is foremost.
  released.sort((a, b) => b.token - a.token);
  const moves: Move[] = [];
  for (const entry of released) {
    const queued = requeue(books, entry);
    freed.push(...queued.freed);
    moves.push(...queued.moves);
  }
  return { settled, freed, moves };
}

function settle(books: Books, { job, outcome }: Settlement, freed: string[], released: Entry[]): Settled {
  if (outcome.kind === 'completed') {
    const isDone = outcome.keep === undefined ? complete(books, job, freed) : keep(books, job, outcome, freed);
    if (!isDone) return 'stale';
    if (outcome.counted !== false) books.tallies.totals.successful += 1;
    return 'settled';
  }
  const entry = books.owned(job);
  if (entry === undefined) return 'stale';
  freed.push(...books.places.free(entry));
  if (goesOn(outcome) && books.isToCancel(entry)) {
    books.remove(entry, 'cancelled');
    return 'cancelled';
  }
  switch (outcome.kind) {
    case 'released':
      books.disown(entry, outcome.untried === true ? entry.crashes : 0);
      released.push(entry);
      break;
    case 'cancelled':
      books.remove(entry, 'cancelled');
      break;
    case 'retry':
      books.retry(entry, outcome, outcome.delay);
      break;
    case 'snoozed':
      books.snooze(entry, instantOf(outcome.due, books.now));
      break;
    case 'failed':
      books.fail(entry, outcome);
      if (outcome.counted !== false) books.tallies.totals.failures += 1;
      break;
    case 'parked':
      books.park(entry, outcome.reason);
      break;
    case 'dead':
      books.bury(entry, outcome.reason);
  }
  return 'settled';
}

/** The way of nearly every job: one statement for one that has no locks and never failed, while none is watched. */
function complete(books: Books, job: ClaimedJob, freed: string[]): boolean {
  if (books.telling.areWatched) return completeTold(books, job, freed);
  const { id, token, queue } = job;
  const number = toToken(token);
  const row = number === null ? undefined : books.connection.get(transitions.complete, id, number);
  if (row === undefined) return false;
  const sequence = integer(row.sequence);
  freed.push(...books.places.free({ sequence, locks: parseLocks(row.locks) }));
  if (row.extras !== null) books.freeKey({ sequence, extras: parseExtras(row.extras) });
  if (integer(row.failures) > 0) books.dropFailures(sequence);
  books.leave({ sequence, queue });
  books.telling.forget(sequence);
  return true;
}

/** The same where those who watch it are to be told: what is removed at once cannot be shown to them. */
function completeTold(books: Books, job: ClaimedJob, freed: string[]): boolean {
  const entry = books.owned(job);
  if (entry === undefined) return false;
  freed.push(...books.places.free(entry));
  books.remove(entry, 'completed');
  return true;
}

function keep(books: Books, job: ClaimedJob, { keep: rule, result }: Completed, freed: string[]): boolean {
  const entry = books.owned(job);
  if (entry === undefined || rule === undefined) return false;
  freed.push(...books.places.free(entry));
  books.keep(entry, rule, result);
  return true;
}

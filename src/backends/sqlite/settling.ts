import type { ExchangeRequest, Move, Settled, Settlement } from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import { goesOn, type Outcome } from '../../core/outcome.ts';
import type { Books } from './books.ts';
import { requeue } from './granting.ts';
import { instantOf } from './numbers.ts';
import type { Entry } from './rows.ts';

// For fewer, a statement each is faster than a list.
const LIST_FROM = 4;

type Completed = Extract<Outcome, { kind: 'completed' }>;

/** What a batch of settlements did. The places in `freed` are still to be granted. */
export interface Settlements {
  readonly settled: readonly Settled[];
  readonly freed: readonly string[];
  readonly moves: readonly Move[];
}

export function settleAll(books: Books, { worker, settlements }: ExchangeRequest): Settlements {
  const freed: string[] = [];
  const released: Entry[] = [];
  const done = completePlain(books, worker, settlements);
  const settled = settlements.map((settlement) =>
    done.has(settlement) ? 'settled' : settle(books, settlement, freed, released),
  );
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

/**
 * The way of nearly every job: those that are completed and gone, with nothing to be freed or told, go by one statement. None
 * where it is not sure of all of them.
 */
function completePlain(books: Books, worker: string, settlements: readonly Settlement[]): ReadonlySet<Settlement> {
  const none: ReadonlySet<Settlement> = new Set();
  if (books.glance.isWatched) return none;
  const plain = settlements.filter((settlement) => isPlain(settlement, worker));
  const tokens = settlements.map(({ job }) => job.token);
  // One that is settled twice in a batch is so by what comes first.
  if (plain.length < LIST_FROM || new Set(tokens).size < tokens.length) return none;
  if (
    !books.completeAll(
      worker,
      plain.map(({ job }) => job),
    )
  )
    return none;
  books.tallies.totals.successful += plain.filter(isCounted).length;
  return new Set(plain);
}

function isPlain({ job, outcome }: Settlement, worker: string): boolean {
  const { locks, attempts, extras } = job;
  const isGone = outcome.kind === 'completed' && outcome.keep === undefined;
  return isGone && locks?.length === 0 && attempts === 0 && extras === undefined && job.worker === worker;
}

function isCounted({ outcome }: Settlement): boolean {
  return outcome.kind !== 'completed' || outcome.counted !== false;
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

function complete(books: Books, job: ClaimedJob, freed: string[]): boolean {
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

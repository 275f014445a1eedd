import type { ExchangeRequest, Move, Settled, Settlement } from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import { goesOn } from '../../core/outcome.ts';
import type { Books } from './books.ts';
import { requeue } from './granting.ts';
import { LIST_FROM } from './lists.ts';
import { instantOf } from './numbers.ts';
import { Again } from './retries.ts';
import type { Entry } from './rows.ts';

const NONE: ReadonlySet<Settlement> = new Set();

/** What a batch of settlements did. The places in `freed` are still to be granted. */
export interface Settlements {
  readonly settled: readonly Settled[];
  readonly freed: readonly string[];
  readonly moves: readonly Move[];
}

/** How a batch is settled. */
export interface Way {
  /** Completed jobs are taken to be as they were when they were claimed. Unset when that was wrong. */
  isTrusting: boolean;
}

/** What is gathered while a batch is settled. */
interface Batch {
  /** The entry of a job that its claim still owns. */
  readonly owned: (job: ClaimedJob) => Entry | undefined;
  readonly freed: string[];
  readonly released: Entry[];
  /** Completed jobs that are still to be removed; undefined where each must be at once, since it may come again. */
  readonly gone: Entry[] | undefined;
}

export function settleAll(books: Books, { worker, settlements }: ExchangeRequest, way: Way): Settlements {
  // One that is settled twice in a batch is so by what comes first.
  const areDistinct = new Set(settlements.map(({ job }) => job.token)).size === settlements.length;
  const done = areDistinct ? completePlain(books, worker, settlements, way) : NONE;
  const others = settlements.filter((settlement) => !done.has(settlement) && settlement.job.worker === worker);
  const owned = areDistinct && others.length >= LIST_FROM ? books.ownedAll(worker, others.map(toClaimed)) : undefined;
  const batch: Batch = {
    owned: (job) => (owned === undefined || job.worker !== worker ? books.owned(job) : owned.get(job)),
    freed: [],
    released: [],
    gone: areDistinct ? [] : undefined,
  };
  const settled = settlements.map((settlement) =>
    done.has(settlement) ? 'settled' : settle(books, settlement, batch),
  );
  books.removeAll(batch.gone ?? []);
  const { freed, released } = batch;
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
 * The way of nearly every job: those that are completed and gone, with nothing to be freed or told, go by one statement.
 * @throws Again where one of them is stale, or is not as it was when it was claimed: seldom, so that to look first would cost more
 */
function completePlain(
  books: Books,
  worker: string,
  settlements: readonly Settlement[],
  way: Way,
): ReadonlySet<Settlement> {
  if (!way.isTrusting || books.glance.isWatched) return NONE;
  const plain = settlements.filter((settlement) => isPlain(settlement, worker));
  if (plain.length < LIST_FROM) return NONE;
  if (!books.completeAll(worker, plain.map(toClaimed))) {
    way.isTrusting = false;
    throw new Again();
  }
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

function toClaimed({ job }: Settlement): ClaimedJob {
  return job;
}

function settle(books: Books, { job, outcome }: Settlement, { owned, freed, released, gone }: Batch): Settled {
  const entry = owned(job);
  if (entry === undefined) return 'stale';
  freed.push(...books.places.free(entry));
  if (goesOn(outcome) && books.isToCancel(entry)) {
    books.remove(entry, 'cancelled');
    return 'cancelled';
  }
  switch (outcome.kind) {
    case 'completed':
      if (outcome.counted !== false) books.tallies.totals.successful += 1;
      if (outcome.keep !== undefined) books.keep(entry, outcome.keep, outcome.result);
      else if (gone !== undefined) gone.push(entry);
      else books.remove(entry, 'completed');
      break;
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

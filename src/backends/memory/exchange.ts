import {
  CLAIM_BUDGET,
  type Claim,
  type Move,
  type PauseReason,
  type Settled,
  type Settlement,
} from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import { type Failure, goesOn } from '../../core/outcome.ts';
import { pausedReason } from '../../core/pause.ts';
import { QUEUE_MARK } from '../../core/rate.ts';
import { type Books, type Entry, move } from './books.ts';
import { firstFull } from './granting.ts';
import { instantOf } from './instants.ts';

/** The job's entry if this claim still owns it. */
export function ownedEntry(books: Books, { id, token }: ClaimedJob): Entry | undefined {
  const entry = books.jobs.get(id);
  return entry?.owner?.token === token ? entry : undefined;
}

/**
 * Ends one attempt. The keys of the places that come free are added to `freed`; a released job is added to `released`, since
 * where it goes depends on the others of its batch.
 */
export function settle(
  books: Books,
  { job, outcome }: Settlement,
  now: number,
  freed: string[],
  released: Entry[],
): Settled {
  const entry = ownedEntry(books, job);
  if (entry === undefined || released.includes(entry)) return 'stale';
  freed.push(...books.free(entry));
  if (entry.cancelAsked === job.token && goesOn(outcome)) {
    books.leave(entry);
    books.erase(entry, 'cancelled');
    return 'cancelled';
  }
  if (outcome.kind === 'released') {
    if (outcome.untried !== true) entry.job = { ...entry.job, crashes: 0 };
    released.push(entry);
    return 'settled';
  }
  switch (outcome.kind) {
    case 'completed':
      if (outcome.keep === undefined) {
        books.erase(entry, 'completed');
      } else {
        books.freeKey(entry);
        entry.state = 'completed';
        entry.completedAt = now;
        if (outcome.result !== undefined) entry.result = outcome.result;
        entry.job = { ...entry.job, crashes: 0 };
        books.keepRules.set(entry.job.type, outcome.keep);
        books.tell(entry);
      }
      if (outcome.counted !== false) books.successful += 1;
      break;
    case 'cancelled':
      books.erase(entry, 'cancelled');
      break;
    case 'retry':
      countAttempt(books, entry, outcome, now);
      books.schedule(entry, now + outcome.delay);
      break;
    case 'snoozed':
      entry.job = { ...entry.job, crashes: 0 };
      books.schedule(entry, instantOf(outcome.due, now));
      break;
    case 'failed':
      countAttempt(books, entry, outcome, now);
      books.fail(entry, now);
      if (outcome.counted !== false) books.failed += 1;
      break;
    case 'parked':
      entry.state = 'parked';
      entry.reason = outcome.reason;
      books.tell(entry);
      break;
    case 'dead': {
      const raw = new TextEncoder().encode(entry.job.payload);
      books.erase(entry, 'dead');
      books.dead.push({ queue: entry.job.queue, reason: outcome.reason, at: now, raw });
    }
  }
  books.leave(entry);
  return 'settled';
}

function countAttempt(
  books: Books,
  entry: Entry,
  { failure, took }: { readonly failure: Failure; readonly took?: number },
  at: number,
): void {
  books.keepFailure(entry, { ...failure, ...(took !== undefined && { took }) }, at);
  entry.job = { ...entry.job, attempts: entry.job.attempts + 1, crashes: 0 };
}

/** Takes jobs for a worker, queue by queue; holds those that find a lock full. */
export function claimJobs(
  books: Books,
  worker: string,
  { queues, count, locks }: Claim,
): { claimed: ClaimedJob[]; moves: Move[]; more: boolean } {
  const claimed: ClaimedJob[] = [];
  const moves: Move[] = [];
  let budget = count + CLAIM_BUDGET;
  for (const name of queues) {
    if (claimed.length >= count) break;
    const queue = books.queues.get(name);
    while (queue !== undefined && claimed.length < count && !books.isClosed(name)) {
      if (budget === 0) return { claimed, moves, more: true };
      budget -= 1;
      const entry = queue.granted.shift() ?? queue.list.shift();
      if (entry === undefined) break;
      const pause = books.controls.pausedTypes.get(entry.job.type);
      if (pause !== undefined) {
        park(books, entry, pause);
        moves.push(move('parked', entry, entry.reason));
        continue;
      }
      const full = locks === 'take' ? firstFull(books, entry) : undefined;
      if (full === undefined) {
        claimed.push(own(books, entry, worker, locks === 'take'));
      } else {
        books.hold(entry, full.key);
        moves.push(move('held', entry, full.key));
      }
    }
    watchRate(books, name);
  }
  return { claimed, moves, more: false };
}

/** Its type is paused: what was kept for it goes to others. */
function park(books: Books, entry: Entry, { by, reason }: PauseReason): void {
  for (const key of books.free(entry)) books.touched.add(key);
  entry.state = 'parked';
  entry.reason = pausedReason(by, reason);
  books.tell(entry);
}

/** Where jobs are left and their queue's rate does not allow one to start, somebody must be woken when it does. */
function watchRate(books: Books, queue: string): void {
  const rate = books.controls.queueLimits.get(queue)?.rate;
  if (rate === undefined || rate === null || books.waitingIn(queue).length === 0) return;
  const key = QUEUE_MARK + queue;
  const lock = { key, ...rate };
  if (books.hasNoPlace(lock)) books.setTimer(key, books.startsAt(lock));
}

function own(books: Books, entry: Entry, worker: string, withLocks: boolean): ClaimedJob {
  const token = String(books.next());
  books.grants.delete(entry.job.id);
  for (const lock of entry.job.locks ?? []) {
    if (withLocks || books.holds(entry, lock.key)) books.take(entry, lock, token);
  }
  books.begin(entry);
  const limit = books.controls.queueLimits.get(entry.job.queue);
  if (limit !== undefined && limit.concurrency !== null) entry.isSeated = true;
  if (limit?.rate) books.spend({ key: QUEUE_MARK + entry.job.queue, ...limit.rate });
  entry.state = 'processing';
  entry.owner = { worker, token };
  books.tell(entry);
  return { ...entry.job, worker, token };
}

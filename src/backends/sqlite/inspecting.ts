import { CLAIM_BUDGET, type DeadLetter, type JobView, type Listing, type Stats } from '../../contract/backend.ts';
import type { StoredJob } from '../../core/envelope.ts';
import type { FailedAttempt, Failure } from '../../core/outcome.ts';
import type { Connection } from './connection.ts';
import type { Row, Value } from './driver.ts';
import { Gates } from './gates.ts';
import { Glance } from './glance.ts';
import { Paces } from './paces.ts';
import { bytes, integer, text, textOf, toJob, toState } from './rows.ts';
import { failures, listings, places, questions, results, stats, tallies, watching } from './statements.ts';

/** A job in whatever state it is, or null where there is none that could be read. */
export function find(connection: Connection, id: string): JobView | null {
  const row = connection.get(questions.view, id);
  if (row === undefined) return null;
  const job = toJob(row);
  if (typeof job === 'string') return null;
  return {
    job,
    state: toState(text(row.state)),
    failures: connection.all(failures.of, job.sequence).map(toFailedAttempt),
    ...(row.due !== null && { due: integer(row.due) }),
    ...(row.worker !== null && { owner: { worker: text(row.worker), token: String(integer(row.token)) } }),
    ...(row.held_for !== null && { heldFor: textOf(row.held_for) }),
    ...(row.lane === 0 && { granted: true }),
    ...(row.reason !== null && { reason: text(row.reason) }),
    ...endOf(text(row.state), row.ended_at),
    ...besideOf(connection, job.sequence),
  };
}

function endOf(state: string, at: Value | undefined): Pick<JobView, 'failedAt' | 'completedAt'> {
  if (state === 'failed') return { failedAt: integer(at) };
  return state === 'completed' ? { completedAt: integer(at) } : {};
}

export function toFailedAttempt(row: Row): FailedAttempt {
  const attempt = { attempt: integer(row.attempt), worker: text(row.worker), at: integer(row.at) };
  return { ...toFailure(text(row.failure)), ...attempt };
}

function toFailure(json: string): Told {
  try {
    const failure: unknown = JSON.parse(json);
    if (isFailure(failure)) return failure;
  } catch {
    // Shown as damaged, like all else that is no failure.
  }
  return { name: 'Damaged', message: `what is kept of this attempt cannot be read: ${json}` };
}

/** What is kept of an attempt as JSON. */
type Told = Failure & Pick<FailedAttempt, 'took'>;

function isFailure(value: unknown): value is Told {
  if (typeof value !== 'object' || value === null) return false;
  if (!['undefined', 'number'].includes(typeof Reflect.get(value, 'took'))) return false;
  return typeof Reflect.get(value, 'name') === 'string' && typeof Reflect.get(value, 'message') === 'string';
}

/** The job that a claim would take or hold first. What is damaged is passed over, as much of it as a claim would. */
export function peek(connection: Connection, queue: string): StoredJob | null {
  let [lane, position] = [-1, 0];
  for (let looks = 0; looks < CLAIM_BUDGET; looks += 1) {
    const row = connection.get(questions.peek, queue, lane, position);
    if (row === undefined) return null;
    const job = toJob(row);
    if (typeof job !== 'string') return job;
    [lane, position] = [integer(row.lane), integer(row.position)];
  }
  return null;
}

/** What few jobs have. */
function besideOf(connection: Connection, sequence: number): Pick<JobView, 'progress' | 'result'> {
  const progress = connection.get(results.progressOf, sequence)?.progress;
  const result = connection.get(results.resultOf, sequence)?.result;
  return {
    ...(progress !== undefined && { progress: text(progress) }),
    ...(result !== undefined && { result: text(result) }),
  };
}

/** Whether a watcher is to look at some job. */
export function hasNews(connection: Connection, watcher: string): boolean {
  return connection.get(watching.news, watcher, 1) !== undefined;
}

/** Whether there is anything to claim from a queue now. */
export function hasWaiting(connection: Connection, queue: string, now: number): boolean {
  if (connection.get(questions.hasWaiting, queue) === undefined) return false;
  return new Gates(connection, new Glance(connection), new Paces(connection, now), now).room(queue, 1) > 0;
}

/** How many jobs come before one that waits or is held. */
export function ahead(connection: Connection, id: string, most: number): number | null {
  const row = connection.get(stats.place, id);
  const count = (before: Row | undefined): number => integer(before?.ahead);
  if (row?.state === 'held') {
    return count(connection.get(stats.heldAhead, textOf(row.held_for), integer(row.sequence), most));
  }
  if (row?.state !== 'waiting') return null;
  const [queue, lane, position] = [text(row.queue), integer(row.lane), integer(row.position)];
  return count(connection.get(stats.waitingAhead, queue, lane, position, most));
}

export function size(connection: Connection, queue: string): number {
  return integer(connection.get(tallies.queue, queue)?.waiting ?? 0);
}

export function list(connection: Connection, listing: Listing, offset: number, limit: number): string[] {
  return connection.all(listings[listing.state], ...filterOf(listing), limit, offset).map(({ id }) => text(id));
}

function filterOf(listing: Listing): string[] {
  switch (listing.state) {
    case 'waiting':
      return [listing.queue];
    case 'held':
      return [listing.key];
    case 'processing':
      return [listing.worker];
    case 'parked':
    case 'completed':
      return [listing.type];
    default:
      return [];
  }
}

export function holders(connection: Connection, key: string): { readonly id: string; readonly token: string | null }[] {
  return connection
    .all(places.holders, key)
    .map(({ id, token }) => ({ id: text(id), token: token === null ? null : String(token) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function deadLetters(connection: Connection, offset: number, limit: number): DeadLetter[] {
  return connection.all(listings.deadLetters, limit, offset).map(({ queue, reason, at, raw }) => ({
    queue: text(queue),
    reason: text(reason),
    at: integer(at),
    raw: bytes(raw),
  }));
}

export function readStats(connection: Connection): Stats {
  const { successful, failures: failedEver, scheduled, failed, parked, dead } = new Glance(connection).counts;
  const processing = new Map(
    connection.all(stats.processing).map((row) => [text(row.worker), integer(row.processing)]),
  );
  const queues = connection.all(stats.queues).map((row) => ({
    queue: text(row.queue),
    waiting: integer(row.waiting),
    held: integer(row.held),
  }));
  const workers = connection.all(stats.workers).map((row) => ({
    worker: text(row.worker),
    processing: processing.get(text(row.worker)) ?? 0,
    leaseEnds: integer(row.lease_ends),
    takes: row.takes === null ? null : JSON.parse(text(row.takes)),
  }));
  return {
    queues: queues.sort((a, b) => (a.queue < b.queue ? -1 : 1)),
    workers: workers.sort((a, b) => (a.worker < b.worker ? -1 : 1)),
    scheduled,
    failed,
    completed: integer(connection.get(stats.completed)?.completed),
    parked,
    dead,
    counters: { successful, failed: failedEver },
  };
}

import type { Backend, InspectBackend, JobView, Listing } from '../contract/backend.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { deadlineOf, priorityOf, tagsOf, type Unique } from '../core/extras.ts';
import type { Lock, StoredLock } from '../core/lock.ts';
import type { FailedAttempt, Failure } from '../core/outcome.ts';
import { decodePayload } from '../core/payload.ts';
import { readKey } from '../core/rate.ts';
import type { State } from '../core/states.ts';

/** A failed attempt, for people and programs that look. */
export interface FailedRun extends Failure {
  /** Which run it was, from 1. */
  readonly attempt: number;
  readonly worker: string;
  /** When it ended. */
  readonly at: Date;
  /** When it began; left out where that is not known. */
  readonly startedAt?: Date;
}

/** A job as it stands, for people and programs that look. */
export interface JobInfo {
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly state: State;
  /** The input as it was enqueued; the stored text itself where that is damaged. */
  readonly input: unknown;
  /** Null where only a manager that knows the type can tell. */
  readonly locks: readonly Lock[] | null;
  /** By which keys its start is limited: one job each `every` milliseconds, and `burst` at once. Left out where it is not. */
  readonly rates?: readonly RateInfo[];
  /** The key that it is, or was, to have alone, and for how long: a number is milliseconds from its enqueue. */
  readonly unique?: Unique;
  /** Runs that ended in a failure. */
  readonly attempts: number;
  /** Runs in a row whose worker vanished. */
  readonly crashes: number;
  readonly enqueuedAt: Date;
  /** 0 where nothing is said of it. */
  readonly priority: number;
  readonly tags: readonly string[];
  /** When it must have ended. */
  readonly deadline?: Date;
  /** When a scheduled job is due. */
  readonly runAt?: Date;
  /** Who runs it. */
  readonly worker?: string;
  /** The lock key that a held job waits for. */
  readonly waitsFor?: string;
  /** The rate key that a held job waits for. */
  readonly waitsForRate?: string;
  /** The recurring schedule that made it, and its tick there. */
  readonly schedule?: { readonly name: string; readonly tick: Date };
  /** Why it is parked. */
  readonly reason?: string;
  readonly failedAt?: Date;
  /** When a job completed that is kept. */
  readonly completedAt?: Date;
  /** What its handler reported last of how far it is; it stays as long as the job. */
  readonly progress?: unknown;
  /** What its handler gave, as it is stored: of a completed job of a type with an `output`. */
  readonly result?: unknown;
  /** Oldest first. */
  readonly failures: readonly FailedRun[];
}

/** A rate of a job, as it is stored. */
export interface RateInfo {
  readonly key: string;
  /** Milliseconds. */
  readonly every: number;
  readonly burst: number;
}

/** Part of a list: as many as `limit`, after the first `offset`. */
export interface Range {
  /** 0 when left out. */
  readonly offset?: number;
  /** 100 when left out. */
  readonly limit?: number;
}

/**
 * The job with this id, in whatever state, or null.
 * @throws InvalidOptionError
 */
export async function findJob(backend: InspectBackend, id: string): Promise<JobInfo | null> {
  if (typeof id !== 'string') throw new InvalidOptionError('id', "a job's id", id);
  const view = await backend.find(id);
  return view === null ? null : toInfo(view);
}

/**
 * The same, and the last of a job that is gone from the books but was watched when it ended, for a short while.
 * @throws InvalidOptionError
 */
export async function findLast(backend: Backend, id: string): Promise<JobInfo | null> {
  const job = await findJob(backend, id);
  if (job !== null) return job;
  const view = await backend.results.ended(id);
  return view === null ? null : toInfo(view);
}

/**
 * Jobs of a listing, in its order. Those that move on while it is read are left out.
 * @throws InvalidOptionError
 */
export async function listJobs(backend: InspectBackend, listing: Listing, range?: Range): Promise<readonly JobInfo[]> {
  checkListing(listing);
  const { offset, limit } = checkRange(range);
  const ids = await backend.list(listing, offset, limit);
  const jobs = await Promise.all(ids.map((id) => findJob(backend, id)));
  return jobs.filter((job) => job !== null);
}

function toInfo(view: JobView): JobInfo {
  const { job, state, due, owner, heldFor, reason, failedAt, completedAt, failures, progress, result } = view;
  const { id, type, queue, locks, attempts, crashes, extras } = job;
  const schedule = extras?.schedule;
  const deadline = deadlineOf(job);
  return {
    ...{ id, type, queue, state, input: decoded(job.payload, id), locks: locksIn(locks), attempts, crashes },
    ...ratesIn(locks),
    ...{ enqueuedAt: new Date(job.enqueuedAt), priority: priorityOf(extras), tags: tagsOf(extras) },
    ...(deadline !== null && { deadline: new Date(deadline) }),
    ...(extras?.unique !== undefined && { unique: extras.unique }),
    ...(due !== undefined && { runAt: new Date(due) }),
    ...(owner !== undefined && { worker: owner.worker }),
    ...(heldFor !== undefined && waitIn(heldFor)),
    ...(schedule !== undefined && { schedule: { name: schedule.name, tick: new Date(schedule.tick) } }),
    ...(reason !== undefined && { reason }),
    ...(failedAt !== undefined && { failedAt: new Date(failedAt) }),
    ...(completedAt !== undefined && { completedAt: new Date(completedAt) }),
    ...(progress !== undefined && { progress: decoded(progress, id) }),
    ...(result !== undefined && { result: decoded(result, id) }),
    failures: failures.map(toRun),
  };
}

function locksIn(locks: readonly StoredLock[] | null): readonly Lock[] | null {
  return locks === null ? null : locks.filter(({ interval }) => interval === undefined);
}

function ratesIn(locks: readonly StoredLock[] | null): Pick<JobInfo, 'rates'> {
  const rates = (locks ?? []).flatMap(({ key, concurrency, interval }) =>
    interval === undefined ? [] : [{ key: readKey(key).name, every: interval, burst: concurrency }],
  );
  return rates.length === 0 ? {} : { rates };
}

function waitIn(heldFor: string): Pick<JobInfo, 'waitsFor' | 'waitsForRate'> {
  const { kind, name } = readKey(heldFor);
  return kind === 'rate' ? { waitsForRate: name } : { waitsFor: name };
}

export function toRun({ took, at, ...failure }: FailedAttempt): FailedRun {
  return { ...failure, at: new Date(at), ...(took !== undefined && { startedAt: new Date(at - took) }) };
}

/** The value of a stored text; the text itself where it is damaged. */
function decoded(text: string, id: string): unknown {
  try {
    return decodePayload(text, id);
  } catch {
    return text;
  }
}

/** What a listing needs beside its state. */
const NEEDED: Readonly<Record<Listing['state'], string | null>> = {
  waiting: 'queue',
  held: 'key',
  processing: 'worker',
  parked: 'type',
  completed: 'type',
  scheduled: null,
  failed: null,
};

/** Without its queue or its type, a list would be empty and look as if there were no jobs. */
function checkListing(listing: unknown): void {
  const state: unknown = typeof listing === 'object' && listing !== null ? Reflect.get(listing, 'state') : undefined;
  const row = Object.entries(NEEDED).find(([name]) => name === state);
  if (row === undefined || typeof listing !== 'object' || listing === null) {
    throw new InvalidOptionError('listing', `an object whose state is ${Object.keys(NEEDED).join(', ')}`, listing);
  }
  const [name, needed] = row;
  if (needed !== null && typeof Reflect.get(listing, needed) !== 'string') {
    throw new InvalidOptionError('listing', `{ state: '${name}', ${needed} }`, listing);
  }
}

/** @throws InvalidOptionError */
export function checkRange({ offset = 0, limit = 100 }: Range = {}): Required<Range> {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new InvalidOptionError('offset', 'a whole number of at least 0', offset);
  }
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new InvalidOptionError('limit', 'a whole number of at least 1', limit);
  }
  return { offset, limit };
}

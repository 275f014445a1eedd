import type { InspectBackend, JobView, Listing } from '../contract/backend.ts';
import type { Lock } from '../core/lock.ts';
import type { FailedAttempt, Failure } from '../core/outcome.ts';
import { decodePayload } from '../core/payload.ts';
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
  /** Runs that ended in a failure. */
  readonly attempts: number;
  /** Runs in a row whose worker vanished. */
  readonly crashes: number;
  readonly enqueuedAt: Date;
  /** When a scheduled job is due. */
  readonly runAt?: Date;
  /** Who runs it. */
  readonly worker?: string;
  /** The lock key that a held job waits for. */
  readonly waitsFor?: string;
  /** Why it is parked. */
  readonly reason?: string;
  readonly failedAt?: Date;
  /** When a job completed that is kept. */
  readonly completedAt?: Date;
  /** Oldest first. */
  readonly failures: readonly FailedRun[];
}

/** The job with this id, in whatever state, or null. */
export async function findJob(backend: InspectBackend, id: string): Promise<JobInfo | null> {
  const view = await backend.find(id);
  return view === null ? null : toInfo(view);
}

/** Jobs of a listing, in its order. Those that move on while it is read are left out. */
export async function listJobs(
  backend: InspectBackend,
  listing: Listing,
  { offset = 0, limit = 100 }: { readonly offset?: number; readonly limit?: number } = {},
): Promise<readonly JobInfo[]> {
  const ids = await backend.list(listing, offset, limit);
  const jobs = await Promise.all(ids.map((id) => findJob(backend, id)));
  return jobs.filter((job) => job !== null);
}

function toInfo({ job, state, due, owner, heldFor, reason, failedAt, completedAt, failures }: JobView): JobInfo {
  const { id, type, queue, locks, attempts, crashes } = job;
  return {
    ...{ id, type, queue, state, input: inputOf(job), locks, attempts, crashes },
    enqueuedAt: new Date(job.enqueuedAt),
    ...(due !== undefined && { runAt: new Date(due) }),
    ...(owner !== undefined && { worker: owner.worker }),
    ...(heldFor !== undefined && { waitsFor: heldFor }),
    ...(reason !== undefined && { reason }),
    ...(failedAt !== undefined && { failedAt: new Date(failedAt) }),
    ...(completedAt !== undefined && { completedAt: new Date(completedAt) }),
    failures: failures.map(toRun),
  };
}

function toRun({ took, at, ...failure }: FailedAttempt): FailedRun {
  return { ...failure, at: new Date(at), ...(took !== undefined && { startedAt: new Date(at - took) }) };
}

function inputOf({ payload, id }: JobView['job']): unknown {
  try {
    return decodePayload(payload, id);
  } catch {
    return payload;
  }
}

import type { Enqueued } from '../contract/backend.ts';
import type { NewJob } from '../core/envelope.ts';
import { JobConflictError } from '../core/errors.ts';

/** A job that is in the books, or stands for a unique key. */
export interface EnqueuedJob {
  /** Of the job that stands: of another one than was to be enqueued where it was `kept`, `extended` or `rejected`. */
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly outcome: EnqueueOutcome;
  /** The id of the job that was cancelled for it. */
  readonly replaced?: string;
}

/**
 * What an enqueue came to. `duplicate`: a job with its id was enqueued before. Where another job has the unique key: `kept`: that
 * one stands, and nothing was changed; `replaced`: that one was cancelled, and the new one stands; `extended`: that one stands,
 * and was put off or has its key for longer; `rejected`: that one stands, and the caller has asked to be refused (of
 * `enqueueMany` alone: `enqueue` rejects).
 */
export type EnqueueOutcome = 'enqueued' | 'duplicate' | 'kept' | 'replaced' | 'extended' | 'rejected';

/** What the caller is told of a job. */
export function toEnqueued({ id, type, queue }: NewJob, result: Enqueued): EnqueuedJob {
  if (typeof result === 'string') return { id, type, queue, outcome: result };
  const { outcome } = result;
  if (outcome === 'replaced') return { id, type, queue, outcome, replaced: result.id };
  return { id: result.id, type, queue: result.queue, outcome };
}

/** @throws JobConflictError where the caller has asked to be refused */
export function expectTaken(job: NewJob, result: Enqueued): Enqueued {
  if (typeof result === 'string' || result.outcome !== 'rejected') return result;
  throw new JobConflictError(`job ${job.id} is not enqueued`, job.type, result.id);
}

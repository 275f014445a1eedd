import type { Enqueued } from '../contract/backend.ts';
import type { NewJob } from '../core/envelope.ts';
import { JobConflictError } from '../core/errors.ts';
import type { AnyDefinition } from '../core/job.ts';
import type { Following } from './following.ts';
import { JobHandle } from './job-handle.ts';

/** A job that is in the books, or stands for a unique key. */
export class EnqueuedJob<Result = never> extends JobHandle<Result> {
  readonly type: string;
  readonly queue: string;
  readonly outcome: EnqueueOutcome;
  /** The id of the job that was cancelled for it. */
  declare readonly replaced?: string;

  /** @param facts the id is that of the job that stands: of another one than was to be enqueued where it was `kept`, `extended` or `rejected` */
  constructor(following: Following, definition: AnyDefinition | undefined, facts: Facts) {
    super(following, facts.id, definition);
    this.type = facts.type;
    this.queue = facts.queue;
    this.outcome = facts.outcome;
    if (facts.replaced !== undefined) this.replaced = facts.replaced;
  }
}

interface Facts {
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly outcome: EnqueueOutcome;
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
export function toEnqueued<Result>(
  following: Following,
  definition: AnyDefinition | undefined,
  job: NewJob,
  result: Enqueued,
): EnqueuedJob<Result> {
  return new EnqueuedJob<Result>(following, definition, factsOf(job, result));
}

function factsOf({ id, type, queue }: NewJob, result: Enqueued): Facts {
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

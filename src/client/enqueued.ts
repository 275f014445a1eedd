import type { Enqueued } from '../contract/backend.ts';
import type { NewJob } from '../core/envelope.ts';
import { EnqueueTimeoutError, JobConflictError } from '../core/errors.ts';
import type { AnyDefinition } from '../core/job.ts';
import { Undelivered } from './delivery.ts';
import type { Following } from './following.ts';
import { JobHandle } from './job-handle.ts';
import type { Outgoing } from './outbox.ts';

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

/** A job on its way, with what settles the promise of its caller: one object for each, and hardly a function. */
export class Enqueuing implements Outgoing {
  readonly job: NewJob;
  readonly #definition: AnyDefinition | undefined;
  readonly #desk: EnqueuingDesk;
  readonly #resolve: (enqueued: EnqueuedJob<unknown>) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    job: NewJob,
    definition: AnyDefinition | undefined,
    desk: EnqueuingDesk,
    resolve: (enqueued: EnqueuedJob<unknown>) => void,
    reject: (error: unknown) => void,
  ) {
    this.job = job;
    this.#definition = definition;
    this.#desk = desk;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  taken(result: Enqueued): void {
    this.#desk.ended();
    const { job } = this;
    if (typeof result !== 'string' && result.outcome === 'rejected') {
      this.#reject(new JobConflictError(`job ${job.id} is not enqueued`, job.type, result.id));
      return;
    }
    this.#resolve(toEnqueued(this.#desk.following, this.#definition, job, result));
  }

  failed(error: unknown): void {
    this.#desk.ended();
    this.#reject(named(error, this.job.id, this.#desk.enqueueTimeout));
  }
}

/** What the jobs of a client have in common. */
export interface EnqueuingDesk {
  readonly following: Following;
  /** In milliseconds. */
  readonly enqueueTimeout: number;
  /** Told that one of them is settled. */
  readonly ended: () => void;
}

/** What the caller is told of a job that was not delivered. */
export function named(error: unknown, id: string, enqueueTimeout: number): unknown {
  if (!(error instanceof Undelivered)) return error;
  return new EnqueueTimeoutError(id, enqueueTimeout, error.fate, error.cause);
}

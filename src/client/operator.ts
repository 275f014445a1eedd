import type { Backend, DeadLetter, Listing, PauseTarget, Stats } from '../contract/backend.ts';
import type { Caller } from '../contract/call.ts';
import type { JobFilter } from '../core/filter.ts';
import type { AnyDefinition } from '../core/job.ts';
import {
  type Cancelled,
  type CancelledMany,
  cancelJob,
  cancelMany,
  discardAllFailed,
  discardJob,
  retryAllFailed,
  retryJob,
} from '../inspector/acts.ts';
import {
  limitQueue,
  type PauseInfo,
  type PauseOptions,
  pause,
  pauses,
  type QueueLimitInfo,
  type QueueLimitOptions,
  queueLimits,
  resume,
} from '../inspector/controls.ts';
import { explainJob } from '../inspector/explain.ts';
import type { Explanation } from '../inspector/explanation.ts';
import { findJob, type JobInfo, listJobs, type Range } from '../inspector/jobs.ts';
import { listDeadLetters, queueSize, readStats } from '../inspector/overview.ts';
import { findStanding, releaseKey, type StandingJob } from '../inspector/unique-keys.ts';

/** What an operator works with. */
export interface OperatorDesk {
  readonly backend: Backend;
  readonly caller: Caller;
  /** Does the work unless the client is closed, and has the closing wait for it. */
  readonly whileOpen: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** Looks at jobs and queues, and acts on them: the side of an application's client that its operators use. */
export class Operator {
  readonly #desk: OperatorDesk;

  constructor(desk: OperatorDesk) {
    this.#desk = desk;
  }

  /** The job with this id in whatever state, or null: it is not in the books, or completed and was not kept. */
  get(id: string): Promise<JobInfo | null> {
    return this.#desk.whileOpen(() => findJob(this.#desk.backend, id));
  }

  /**
   * Why a job is where it is: who has its lock, what it comes behind, what is paused, what fails; in one sentence and as facts.
   * @throws WingmanError `WINGMAN_JOB_NOT_FOUND`
   */
  explain(id: string): Promise<Explanation> {
    return this.#desk.whileOpen(() => explainJob(this.#desk.backend, id));
  }

  /** Jobs of a state, in their order: `list({ state: 'failed' })`, `list({ state: 'waiting', queue: 'mail' })`. */
  list(listing: Listing, range?: Range): Promise<readonly JobInfo[]> {
    return this.#desk.whileOpen(() => listJobs(this.#desk.backend, listing, range));
  }

  /** What was found in a queue and is no job, oldest first. */
  deadLetters(range?: Range): Promise<readonly DeadLetter[]> {
    return this.#desk.whileOpen(() => listDeadLetters(this.#desk.backend, range));
  }

  /**
   * Gives a failed job a new set of attempts, at the back of its queue; it has no deadline any more.
   * @throws WingmanError `WINGMAN_JOB_NOT_FOUND`, `WINGMAN_JOB_STATE`
   */
  retry(id: string): Promise<void> {
    return this.#desk.whileOpen(() => retryJob(this.#desk.backend, this.#desk.caller, id));
  }

  /** Retries all that have failed by now. Returns how many. */
  retryAllFailed(): Promise<number> {
    return this.#desk.whileOpen(() => retryAllFailed(this.#desk.backend, this.#desk.caller));
  }

  /**
   * Cancels a job from wherever this is called: one that waits, is held, scheduled or parked goes at once; one that runs has
   * its handler's signal aborted within a second, and ends as cancelled unless it completes first.
   * @throws WingmanError `WINGMAN_JOB_NOT_FOUND`; `WINGMAN_JOB_STATE` where it has ended
   */
  cancel(id: string): Promise<Cancelled> {
    return this.#desk.whileOpen(() => cancelJob(this.#desk.backend, this.#desk.caller, id));
  }

  /**
   * Cancels all jobs that fit, by their type, queue, lock key or tag: where several are given, those for which all are true. All
   * that are in the books when it begins are found, and each is cancelled as by `cancel`; one that is enqueued meanwhile may be
   * cancelled or not. It goes on in bounded steps, however many there are; where one fails, it may be begun again.
   * @throws InvalidOptionError without any of these
   */
  cancelMany(filter: JobFilter): Promise<CancelledMany> {
    return this.#desk.whileOpen(() => cancelMany(this.#desk.backend, this.#desk.caller, filter));
  }

  /**
   * Removes a job that has failed, or has completed and was kept.
   * @throws WingmanError `WINGMAN_JOB_NOT_FOUND`, `WINGMAN_JOB_STATE`
   */
  discard(id: string): Promise<void> {
    return this.#desk.whileOpen(() => discardJob(this.#desk.backend, this.#desk.caller, id));
  }

  /** Removes all that have failed by now. Returns how many. */
  discardAllFailed(): Promise<number> {
    return this.#desk.whileOpen(() => discardAllFailed(this.#desk.backend, this.#desk.caller));
  }

  /**
   * Lets a queue, or all jobs of a type, rest: from now on no manager takes one up, wherever it is. What runs goes on.
   * @throws InvalidOptionError
   */
  pause(target: PauseTarget, options?: PauseOptions): Promise<void> {
    return this.#desk.whileOpen(() => pause(this.#desk.backend, this.#desk.caller, target, options));
  }

  /** Ends that. Whether the queue or type was paused. */
  resume(target: PauseTarget): Promise<boolean> {
    return this.#desk.whileOpen(() => resume(this.#desk.backend, this.#desk.caller, target));
  }

  /** What is paused, since when, by whom and why. */
  pauses(): Promise<readonly PauseInfo[]> {
    return this.#desk.whileOpen(() => pauses(this.#desk.backend));
  }

  /**
   * How many jobs of a queue may run at once, and how often one may start, over all managers; from the next claim on, whatever
   * runs. Null ends that.
   * @throws InvalidOptionError
   */
  limitQueue(queue: string, limit: QueueLimitOptions | null): Promise<void> {
    return this.#desk.whileOpen(() => limitQueue(this.#desk.backend, this.#desk.caller, queue, limit));
  }

  /** The queues that have a limit, and how they stand. */
  queueLimits(): Promise<readonly QueueLimitInfo[]> {
    return this.#desk.whileOpen(() => queueLimits(this.#desk.backend));
  }

  /** The job that has a unique key of a type now, or null. Where `until` is given, it may have ended long ago. */
  standing(type: string | AnyDefinition, key: string): Promise<StandingJob | null> {
    return this.#desk.whileOpen(() => findStanding(this.#desk.backend, typeIn(type), key));
  }

  /**
   * Frees a unique key that is taken `for` a time, before that is up. False where nobody has it, or a job has it until it is
   * claimed or done: cancel that one.
   */
  releaseKey(type: string | AnyDefinition, key: string): Promise<boolean> {
    return this.#desk.whileOpen(() => releaseKey(this.#desk.backend, this.#desk.caller, typeIn(type), key));
  }

  /** All queues, workers and counters at one glance. */
  stats(): Promise<Stats> {
    return this.#desk.whileOpen(() => readStats(this.#desk.backend));
  }

  /** How many jobs wait in a queue. */
  size(queue: string): Promise<number> {
    return this.#desk.whileOpen(() => queueSize(this.#desk.backend, queue));
  }
}

function typeIn(type: string | AnyDefinition): string {
  return typeof type === 'string' ? type : type.type;
}

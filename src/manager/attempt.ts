import type { ClaimedJob, Due } from '../core/envelope.ts';
import type { StoredLock } from '../core/lock.ts';
import { type Logger, withFields } from '../core/log.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Attempt } from '../processors/processor.ts';
import type { LazyAbortController } from '../runtime/lazy-abort.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Deadline } from './deadline.ts';
import type { Reporter } from './reporter.ts';
import type { Run } from './runs.ts';

/** What the running of a job may ask of the store. */
export interface Requests {
  /** Takes the locks of a job that came without; false where it must not run now. */
  takeLocks(job: ClaimedJob, locks: readonly StoredLock[], signal: AbortSignal): Promise<boolean>;
  /** Lets a rate key rest. */
  pauseRate(key: string, until: Due, signal: AbortSignal): Promise<void>;
}

/** What the attempts of a manager share. */
export interface AttemptTools {
  readonly requests: Requests;
  readonly reporter: Reporter;
  readonly surroundings: Surroundings;
}

/** Told of an attempt that has ended. */
type AttemptEnded = (attempt: ManagedAttempt, outcome: Outcome | null) => void;

/** One run of a claimed job in this process. */
export class ManagedAttempt implements Attempt {
  readonly run: Run;
  readonly deadline: Deadline | null;
  readonly startedOn: number;
  readonly #tools: AttemptTools;
  readonly #ended: AttemptEnded;
  #locks: readonly StoredLock[] | null;
  #log: Logger | null = null;
  #isOver = false;

  constructor(run: Run, deadline: Deadline | null, tools: AttemptTools, ended: AttemptEnded) {
    this.run = run;
    this.deadline = deadline;
    this.startedOn = tools.surroundings.clock.monotonic();
    this.#tools = tools;
    this.#ended = ended;
    this.#locks = run.job.locks;
  }

  get job(): ClaimedJob {
    return this.run.job;
  }

  get controller(): LazyAbortController {
    return this.run.controller;
  }

  ended(outcome: Outcome | null): void {
    this.#ended(this, outcome);
  }

  /** Those it came with, or those that were computed for it since. */
  get locks(): readonly StoredLock[] | null {
    return this.#locks;
  }

  get log(): Logger {
    const { id, type, queue, attempts } = this.job;
    this.#log ??= withFields(this.#tools.surroundings.logger, { job: id, type, queue, attempt: attempts + 1 });
    return this.#log;
  }

  lock(locks: readonly StoredLock[]): Promise<boolean> {
    this.#locks = locks;
    return this.#tools.requests.takeLocks(this.job, locks, this.controller.signal);
  }

  pauseRate(key: string, until: Due): Promise<void> {
    return this.#tools.requests.pauseRate(key, until, this.controller.signal);
  }

  /** What is said once it has ended is dropped. */
  report(progress: string): void {
    if (!this.#isOver) this.#tools.reporter.report(this.job, progress);
  }

  /** Settles when its last word of how far it is stands in the books; null when it does already. */
  close(): Promise<unknown> | null {
    this.#isOver = true;
    return this.#tools.reporter.end(this.job);
  }
}

import type { ClaimedJob, Due } from '../core/envelope.ts';
import type { StoredLock } from '../core/lock.ts';
import { type Logger, withFields } from '../core/log.ts';
import type { Attempt } from '../processors/processor.ts';
import type { LazyAbortController } from '../runtime/lazy-abort.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Reporter } from './reporter.ts';

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

/** One run of a claimed job in this process. */
export class ManagedAttempt implements Attempt {
  readonly job: ClaimedJob;
  readonly controller: LazyAbortController;
  /** By the clock that may jump, and by the one that does not. */
  readonly startedAt: number;
  readonly startedOn: number;
  readonly #tools: AttemptTools;
  #locks: readonly StoredLock[] | null;
  #log: Logger | null = null;
  #isOver = false;

  constructor(job: ClaimedJob, controller: LazyAbortController, tools: AttemptTools) {
    const { clock } = tools.surroundings;
    this.job = job;
    this.controller = controller;
    this.startedAt = clock.now();
    this.startedOn = clock.monotonic();
    this.#tools = tools;
    this.#locks = job.locks;
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
  end(): Promise<unknown> | null {
    this.#isOver = true;
    return this.#tools.reporter.end(this.job);
  }
}

import type { ClaimedJob, Due } from '../core/envelope.ts';
import type { StoredLock } from '../core/lock.ts';
import type { Logger } from '../core/log.ts';
import type { Outcome } from '../core/outcome.ts';
import type { LazyAbortController } from '../runtime/lazy-abort.ts';

/** One run of a claimed job. */
export interface Attempt {
  readonly job: ClaimedJob;
  /** Whoever ends the attempt early aborts it: the manager, or the processor when the attempt's time is up. */
  readonly controller: LazyAbortController;
  /** When it began, by the clock that never jumps. */
  readonly startedOn: number;
  /** Its lines carry the job's id, type, queue and attempt. It never throws. */
  readonly log: Logger;
  /**
   * Takes the locks of a job that came without them. False: it was held, or is no longer this worker's, and must not run.
   * Rejects only when the attempt was aborted, or the backend is closed.
   */
  lock(locks: readonly StoredLock[]): Promise<boolean>;
  /** Lets a rate key rest, for all managers. Rejects as `lock` does. */
  pauseRate(key: string, until: Due): Promise<void>;
  /** Takes how far the handler says it is, as JSON text. Never throws. */
  report(progress: string): void;
  /** Told once how it ended, or null where there is nothing to settle: the job left this worker meanwhile. Never throws. */
  ended(outcome: Outcome | null): void;
}

/** What runs handlers. */
export interface Processor {
  /**
   * Runs one attempt and tells it how it ended, maybe before this call returns: a promise for each small job would take longer than
   * the job. Never throws. It is told within `REACTION_TIME` after the attempt's controller aborts, whatever the handler does.
   */
  process(attempt: Attempt): void;
}

/** How long a handler may take to end by itself once its signal has aborted, in milliseconds. */
export const REACTION_TIME = 500;

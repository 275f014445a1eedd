import type { StoredLock } from '../core/lock.ts';
import { isWritten } from '../core/log.ts';
import type { Outcome } from '../core/outcome.ts';
import { readKey } from '../core/rate.ts';
import type { Processor } from '../processors/processor.ts';
import { untilAborted } from '../runtime/abort.ts';
import { type AttemptTools, ManagedAttempt } from './attempt.ts';
import { Deadline } from './deadline.ts';
import type { Run } from './runs.ts';
import { InstantWriter, WallClock } from './wall-clock.ts';

const MESSAGES = { completed: 'job completed', released: 'job released', cancelled: 'job cancelled' } as const;

/** One claimed job from its start to its line in the log. */
export class Executor {
  readonly #processor: Processor;
  readonly #tools: AttemptTools;
  readonly #wall: WallClock;
  readonly #starts = new InstantWriter();
  readonly #ends = new InstantWriter();
  readonly #ended = (attempt: ManagedAttempt, outcome: Outcome | null): void => this.#end(attempt, outcome);

  constructor(processor: Processor, tools: AttemptTools) {
    this.#processor = processor;
    this.#tools = tools;
    this.#wall = new WallClock(tools.surroundings.clock);
  }

  /**
   * Runs a job once, and tells its run how it ended, maybe before this returns. Never throws.
   * @param now the time at its claim, by the backend's clock
   */
  execute(run: Run, now: number): void {
    const { job, controller } = run;
    const deadline = Deadline.of(job, now, this.#tools.surroundings.clock);
    const attempt = new ManagedAttempt(run, deadline, this.#tools, this.#ended);
    const missed = deadline === null ? null : deadline.limit(controller);
    if (missed === null) this.#processor.process(attempt);
    else this.#end(attempt, missed);
  }

  #end(attempt: ManagedAttempt, given: Outcome | null): void {
    const { run, job, locks, deadline } = attempt;
    const last = attempt.close();
    const outcome = deadline === null ? given : deadline.judge(given);
    if (outcome === null) {
      const { id, type, queue } = job;
      const { logger } = this.#tools.surroundings;
      logger.debug({ job: id, type, queue, ...keysOf(locks) }, 'job held for its lock or rate');
      run.ended(null);
      return;
    }
    const told = this.#tell(attempt, outcome);
    if (last === null) run.ended(told);
    // In the books before the job may leave them; but nobody who stops waits for it.
    else
      void untilAborted(last, attempt.controller.signal).then(
        () => run.ended(told),
        () => run.ended(told),
      );
  }

  /** Logs how a run has ended. Returns that, with how long a failed one took. */
  #tell(attempt: ManagedAttempt, outcome: Outcome): Outcome {
    const { clock, logger } = this.#tools.surroundings;
    const { kind } = outcome;
    if (kind === 'completed' && !isWritten(logger, 'info')) return outcome;
    const { job, locks, startedOn } = attempt;
    const { id, type, queue } = job;
    const endedOn = clock.monotonic();
    const duration = Math.round((endedOn - startedOn) * 1000) / 1000;
    const endedAt = this.#wall.at(endedOn);
    const end = this.#ends.write(endedAt);
    const start = this.#starts.write(endedAt - duration);
    const number = job.attempts + 1;
    // Written out, with the only lock that most have who have any: an object that is spread and then added to takes longer to make than a
    // small job to run.
    const only = locks?.length === 1 && locks[0] !== undefined ? readKey(locks[0].key) : null;
    if (only?.kind === 'lock') {
      const lock = only.name;
      this.#log(outcome, { job: id, type, queue, attempt: number, start, end, duration, outcome: kind, lock });
    } else {
      const fields = { job: id, type, queue, attempt: number, start, end, duration, outcome: kind };
      this.#log(outcome, locks === null || locks.length === 0 ? fields : { ...fields, ...keysOf(locks) });
    }
    return outcome.kind === 'retry' || outcome.kind === 'failed' ? { ...outcome, took: duration } : outcome;
  }

  #log(outcome: Outcome, fields: object): void {
    const { logger } = this.#tools.surroundings;
    switch (outcome.kind) {
      case 'completed':
      case 'released':
      case 'cancelled':
        logger.info(fields, MESSAGES[outcome.kind]);
        break;
      case 'snoozed':
        logger.info({ ...fields, due: outcome.due }, 'job put off by its handler');
        break;
      case 'retry':
        logger.warn({ ...fields, err: outcome.failure, retryIn: outcome.delay }, 'job failed and will be tried again');
        break;
      case 'failed':
        logger.error({ ...fields, err: outcome.failure }, 'job failed');
        break;
      case 'parked':
        logger.warn({ ...fields, reason: outcome.reason }, 'job parked');
        break;
      case 'dead':
        logger.error({ ...fields, reason: outcome.reason }, 'job moved to the dead letters');
    }
  }
}

/** One key as it is, several as a list, none as no field. */
function keysOf(locks: readonly StoredLock[] | null): { lock?: string | string[]; rate?: string | string[] } {
  const keys = (locks ?? []).map(({ key }) => readKey(key));
  const [lock, rate] = (['lock', 'rate'] as const).map((wanted) => {
    const [first, ...others] = keys.filter(({ kind }) => kind === wanted).map(({ name }) => name);
    return first === undefined || others.length === 0 ? first : [first, ...others];
  });
  return { ...(lock !== undefined && { lock }), ...(rate !== undefined && { rate }) };
}

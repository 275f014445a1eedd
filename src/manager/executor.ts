import type { ClaimedJob } from '../core/envelope.ts';
import type { StoredLock } from '../core/lock.ts';
import type { Outcome } from '../core/outcome.ts';
import { readKey } from '../core/rate.ts';
import type { Processor } from '../processors/processor.ts';
import { untilAborted } from '../runtime/abort.ts';
import type { LazyAbortController } from '../runtime/lazy-abort.ts';
import { type AttemptTools, ManagedAttempt } from './attempt.ts';
import { Deadline } from './deadline.ts';

/** Told once how a job ended; null: it is no longer this worker's, and there is nothing to settle. */
type Told = (outcome: Outcome | null) => void;

/** One claimed job from its start to its line in the log. */
export class Executor {
  readonly #processor: Processor;
  readonly #tools: AttemptTools;

  constructor(processor: Processor, tools: AttemptTools) {
    this.#processor = processor;
    this.#tools = tools;
  }

  /**
   * Runs the job once. Never throws.
   * @param now the time at its claim, by the backend's clock
   * @param told called when it has ended, maybe before this returns
   */
  execute(job: ClaimedJob, controller: LazyAbortController, now: number, told: Told): void {
    const attempt = new ManagedAttempt(job, controller, this.#tools);
    const ended = (outcome: Outcome | null): void => this.#end(attempt, outcome, told);
    const deadline = Deadline.of(job, now, this.#tools.surroundings.clock);
    if (deadline === null) this.#processor.process(attempt, ended);
    else deadline.limit(controller, (judged) => this.#processor.process(attempt, judged), ended);
  }

  #end(attempt: ManagedAttempt, outcome: Outcome | null, told: Told): void {
    const { clock, logger } = this.#tools.surroundings;
    const { job, locks, startedAt, startedOn } = attempt;
    const { id, type, queue } = job;
    const last = attempt.end();
    if (outcome === null) {
      logger.debug({ job: id, type, queue, ...keysOf(locks) }, 'job held for its lock or rate');
      told(null);
      return;
    }
    const duration = Math.round((clock.monotonic() - startedOn) * 1000) / 1000;
    const timed = outcome.kind === 'retry' || outcome.kind === 'failed' ? { ...outcome, took: duration } : outcome;
    // Written out, with the only lock that most have who have any: an object that is spread and then added to takes longer to make than a
    // small job to run.
    const [start, end] = [iso(startedAt), iso(startedAt + duration)];
    const { kind } = outcome;
    const number = job.attempts + 1;
    const only = locks?.length === 1 && locks[0] !== undefined ? readKey(locks[0].key) : null;
    if (only?.kind === 'lock') {
      const lock = only.name;
      this.#log(outcome, { job: id, type, queue, attempt: number, start, end, duration, outcome: kind, lock });
    } else {
      const fields = { job: id, type, queue, attempt: number, start, end, duration, outcome: kind };
      this.#log(outcome, locks === null || locks.length === 0 ? fields : { ...fields, ...keysOf(locks) });
    }
    if (last === null) told(timed);
    // In the books before the job may leave them; but nobody who stops waits for it.
    else
      void untilAborted(last, attempt.controller.signal).then(
        () => told(timed),
        () => told(timed),
      );
  }

  #log(outcome: Outcome, fields: object): void {
    const { logger } = this.#tools.surroundings;
    switch (outcome.kind) {
      case 'completed':
      case 'released':
      case 'cancelled':
        logger.info(fields, `job ${outcome.kind}`);
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

// Small jobs start and end by the hundreds in a millisecond.
let lastInstant = Number.NaN;
let lastText = '';

function iso(at: number): string {
  const instant = Math.trunc(at);
  if (instant !== lastInstant) {
    lastText = new Date(instant).toISOString();
    lastInstant = instant;
  }
  return lastText;
}

import type { ClaimedJob, Due } from '../core/envelope.ts';
import type { StoredLock } from '../core/lock.ts';
import { withFields } from '../core/log.ts';
import type { Outcome } from '../core/outcome.ts';
import { readKey } from '../core/rate.ts';
import type { Processor } from '../processors/processor.ts';
import { untilAborted } from '../runtime/abort.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Deadline } from './deadline.ts';
import type { Reporter } from './reporter.ts';

/** What the running of a job may ask of the store. */
export interface Requests {
  /** Takes the locks of a job that came without; false where it must not run now. */
  takeLocks(job: ClaimedJob, locks: readonly StoredLock[], signal: AbortSignal): Promise<boolean>;
  /** Lets a rate key rest. */
  pauseRate(key: string, until: Due, signal: AbortSignal): Promise<void>;
}

/** One claimed job from its start to its line in the log. */
export class Executor {
  readonly #processor: Processor;
  readonly #requests: Requests;
  readonly #reporter: Reporter;
  readonly #surroundings: Surroundings;

  constructor(processor: Processor, requests: Requests, reporter: Reporter, surroundings: Surroundings) {
    this.#processor = processor;
    this.#requests = requests;
    this.#reporter = reporter;
    this.#surroundings = surroundings;
  }

  /**
   * Runs the job once. Null: it is no longer this worker's, and there is nothing to settle.
   * @param now the time at its claim, by the backend's clock
   */
  async execute(job: ClaimedJob, controller: AbortController, now: number): Promise<Outcome | null> {
    const { clock, logger } = this.#surroundings;
    const { id, type, queue } = job;
    const attempt = job.attempts + 1;
    const started = { at: clock.now(), on: clock.monotonic() };
    const log = withFields(logger, { job: id, type, queue, attempt });
    let locks = job.locks;
    const lock = (computed: readonly StoredLock[]): Promise<boolean> => {
      locks = computed;
      return this.#requests.takeLocks(job, computed, controller.signal);
    };
    const pauseRate = (key: string, until: Due): Promise<void> =>
      this.#requests.pauseRate(key, until, controller.signal);
    const { report, end } = this.#reporter.of(job);
    const run = () => this.#processor.process({ job, controller, log, lock, pauseRate, report });
    const deadline = Deadline.of(job, now, clock);
    const outcome = await (deadline === null ? run() : deadline.limit(controller, run));
    const last = end();
    if (outcome === null) {
      logger.debug({ job: id, type, queue, ...keysOf(locks) }, 'job held for its lock or rate');
      return null;
    }
    const duration = Math.round((clock.monotonic() - started.on) * 1000) / 1000;
    const times = { start: iso(started.at), end: iso(started.at + duration), duration };
    const timed = outcome.kind === 'retry' || outcome.kind === 'failed' ? { ...outcome, took: duration } : outcome;
    this.#log(outcome, { job: id, type, queue, ...keysOf(locks), attempt, ...times, outcome: outcome.kind });
    // In the books before the job may leave them; but nobody who stops waits for it.
    if (last !== null) await untilAborted(last, controller.signal).catch(() => undefined);
    return timed;
  }

  #log(outcome: Outcome, fields: object): void {
    const { logger } = this.#surroundings;
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

function iso(at: number): string {
  return new Date(at).toISOString();
}

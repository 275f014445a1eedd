import type { ClaimedJob } from '../core/envelope.ts';
import type { Lock } from '../core/lock.ts';
import { withFields } from '../core/log.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Processor } from '../processors/processor.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

/** Takes the locks of a job that came without; false where it must not run now. */
export type TakeLocks = (job: ClaimedJob, locks: readonly Lock[], signal: AbortSignal) => Promise<boolean>;

/** One claimed job from its start to its line in the log. */
export class Executor {
  readonly #processor: Processor;
  readonly #takeLocks: TakeLocks;
  readonly #surroundings: Surroundings;

  constructor(processor: Processor, takeLocks: TakeLocks, surroundings: Surroundings) {
    this.#processor = processor;
    this.#takeLocks = takeLocks;
    this.#surroundings = surroundings;
  }

  /** Runs the job once. Null: it is no longer this worker's, and there is nothing to settle. */
  async execute(job: ClaimedJob, controller: AbortController): Promise<Outcome | null> {
    const { clock, logger } = this.#surroundings;
    const { id, type, queue } = job;
    const attempt = job.attempts + 1;
    const started = { at: clock.now(), on: clock.monotonic() };
    const log = withFields(logger, { job: id, type, queue, attempt });
    let locks = job.locks;
    const lock = (computed: readonly Lock[]): Promise<boolean> => {
      locks = computed;
      return this.#takeLocks(job, computed, controller.signal);
    };
    const outcome = await this.#processor.process({ job, controller, log, lock });
    if (outcome === null) {
      logger.debug({ job: id, type, queue, ...keysOf(locks) }, 'job held for its lock');
      return null;
    }
    const duration = Math.round((clock.monotonic() - started.on) * 1000) / 1000;
    const times = { start: iso(started.at), end: iso(started.at + duration), duration };
    const timed = outcome.kind === 'retry' || outcome.kind === 'failed' ? { ...outcome, took: duration } : outcome;
    this.#log(outcome, { job: id, type, queue, ...keysOf(locks), attempt, ...times, outcome: outcome.kind });
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
function keysOf(locks: readonly Lock[] | null): { lock?: string | string[] } {
  const [first, ...others] = (locks ?? []).map(({ key }) => key);
  if (first === undefined) return {};
  return { lock: others.length === 0 ? first : [first, ...others] };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

import type { Backend, JobStanding } from '../contract/backend.ts';
import { type Duration, toMilliseconds } from '../core/duration.ts';
import { CanceledError, InvalidOptionError, WingmanError } from '../core/errors.ts';
import type { AnyDefinition } from '../core/job.ts';
import { checkNames } from '../core/options.ts';
import { toError } from '../core/outcome.ts';
import { decodeResult } from '../core/result.ts';
import { hasEnded } from '../core/states.ts';
import { findLast, type JobInfo } from '../inspector/jobs.ts';
import type { Clock } from '../runtime/clock.ts';
import { Updates } from './updates.ts';
import { Watcher } from './watcher.ts';

export interface ResultOptions extends EventsOptions {
  /** How long to wait; for as long as it takes when left out. */
  readonly timeout?: Duration;
}

export interface EventsOptions {
  /** Ends the wait at once. */
  readonly signal?: AbortSignal;
}

/** Follows jobs to their ends, for all handles of one client. */
export class Following {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #watcher: Watcher;

  constructor(backend: Backend, clock: Clock) {
    this.#backend = backend;
    this.#clock = clock;
    this.#watcher = new Watcher(backend.results, clock);
  }

  /** See `JobHandle`. */
  async result(id: string, definition: AnyDefinition | undefined, options: ResultOptions = {}): Promise<unknown> {
    if (definition !== undefined && definition.output === undefined) {
      const { type } = definition;
      throw noResult(`job type '${type}' keeps no results: give defineJob an output schema`);
    }
    checkNames(options, ['timeout', 'signal'], 'options');
    const signal = checkSignal(options.signal);
    const timeout = options.timeout === undefined ? null : toMilliseconds(options.timeout, 'timeout');
    if (signal?.aborted === true) throw canceled(id);
    const standing = await this.#end(id, timeout, signal);
    return resultOf(id, standing, definition);
  }

  async status(id: string): Promise<JobInfo | null> {
    this.#watcher.assertOpen();
    return findLast(this.#backend, id);
  }

  updates(id: string, options: EventsOptions = {}): Updates {
    checkNames(options, ['signal'], 'options');
    return new Updates(this.#watcher, id, checkSignal(options.signal));
  }

  close(): void {
    this.#watcher.close();
  }

  /** How a job stands once it has ended; null where it is not in the books. */
  #end(id: string, timeout: number | null, signal: AbortSignal | undefined): Promise<JobStanding | null> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        leave();
        cancel?.();
        signal?.removeEventListener('abort', aborted);
        how();
      };
      const fail = (error: unknown): void => settle(() => reject(error));
      const aborted = (): void => fail(canceled(id));
      const timeIsUp = (): void => fail(timedOut(id, timeout));
      const leave = this.#watcher.watch(id, {
        every: false,
        told: (standing) => {
          if (standing === null || hasEnded(standing.state)) settle(() => resolve(standing));
        },
        failed: fail,
      });
      const cancel = timeout === null ? undefined : this.#clock.after(timeout, timeIsUp);
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }
}

function resultOf(id: string, standing: JobStanding | null, definition: AnyDefinition | undefined): unknown {
  switch (standing?.state) {
    case 'completed':
      if (standing.result !== undefined) return decodeResult(standing.result, id, definition);
      throw noResult(`job ${id} has completed and kept no result: the type that ran had no output schema`);
    case 'failed': {
      const { failure } = standing;
      const message = `job ${id} has failed for good: ${failure?.message ?? 'why is not known any more'}`;
      const cause = failure === undefined ? undefined : toError(failure);
      throw new WingmanError('WINGMAN_JOB_FAILED', message, { cause });
    }
    case 'dead':
      throw new WingmanError('WINGMAN_JOB_FAILED', `job ${id} was damaged in the store: it is among the dead letters`);
    case 'cancelled':
      throw new WingmanError('WINGMAN_JOB_CANCELLED', `job ${id} was cancelled: there will be no result`);
    default:
      throw new WingmanError(
        'WINGMAN_JOB_NOT_FOUND',
        `there is no job ${id} in the books: it never was, or it has ended and is not kept any more`,
      );
  }
}

function canceled(id: string): CanceledError {
  return new CanceledError('aborted', `the wait for the result of job ${id} was aborted`);
}

function timedOut(id: string, timeout: number | null): WingmanError {
  const message = `job ${id} has not ended within ${timeout} ms: it goes on, and may be asked for again`;
  return new WingmanError('WINGMAN_RESULT_TIMEOUT', message);
}

function noResult(message: string): WingmanError {
  return new WingmanError('WINGMAN_NO_RESULT', message);
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new InvalidOptionError('signal', 'an AbortSignal', signal);
}

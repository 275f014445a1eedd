import { type ClaimedJob, limitsOf } from '../core/envelope.ts';
import { CanceledError, InvalidInputError, messageOf } from '../core/errors.ts';
import type { AnyDefinition, Handler } from '../core/job.ts';
import type { Logger } from '../core/log.ts';
import { type Failure, type Outcome, toFailure } from '../core/outcome.ts';
import { decodePayload } from '../core/payload.ts';
import { readKey } from '../core/rate.ts';
import { encodeResult } from '../core/result.ts';
import { type RetryPolicy, retryPolicy } from '../core/retry.ts';
import { validate } from '../core/schema.ts';
import { type Verdict, verdictOf } from '../core/verdict.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LazyAbortController } from '../runtime/lazy-abort.ts';
import { JobContext } from './context.ts';
import type { Attempt, Processor } from './processor.ts';
import { withStrayRejections } from './stray-rejections.ts';
import { type Ended, UserWork } from './user-work.ts';

export interface InlineOptions {
  /** By job type. */
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly clock: Clock;
  readonly random: () => number;
  /** The largest result, in bytes of JSON. */
  readonly maxPayload: number;
}

type Limited = Extract<Verdict, { readonly kind: 'limited' }>;

const FALLBACK: RetryPolicy = retryPolicy();

/** Runs handlers in this process, on its event loop. */
export class InlineProcessor implements Processor {
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #maxPayload: number;

  constructor({ handlers, clock, random, maxPayload }: InlineOptions) {
    this.#handlers = handlers;
    this.#clock = clock;
    this.#random = random;
    this.#maxPayload = maxPayload;
  }

  process(attempt: Attempt, ended: (outcome: Outcome | null) => void): void {
    const handler = this.#handlers.get(attempt.job.type);
    if (handler === undefined) {
      ended({ kind: 'parked', reason: `${attempt.job.worker} has no handler for job type '${attempt.job.type}'` });
      return;
    }
    const { definition } = handler;
    const end = (how: Ended): void => {
      const limited = how.how === 'threw' ? limitedBy(how.thrown) : null;
      if (limited === null) ended(this.#normalize(attempt, definition, how));
      else void slow(attempt, limited).then(() => ended(this.#normalize(attempt, definition, how)));
    };
    const decoded = decode(attempt.job);
    if (decoded.how !== 'returned') end(decoded);
    else if (definition.input === undefined && !needsLocks(attempt.job, definition)) {
      this.#run(attempt, handler, decoded.value, end);
    } else this.#prepare(attempt, definition, decoded.value, end, (input) => this.#run(attempt, handler, input, end));
  }

  /** Validates the input, and takes the locks of a job that came without. */
  #prepare(
    attempt: Attempt,
    definition: AnyDefinition,
    value: unknown,
    end: (ended: Ended) => void,
    ready: (input: unknown) => void,
  ): void {
    const { input: schema, type, timeout } = definition;
    const locked = (input: unknown): void => {
      if (!needsLocks(attempt.job, definition)) ready(input);
      else
        void lock(attempt, definition, input).then((ended) => (ended.how === 'returned' ? ready(input) : end(ended)));
    };
    if (schema === undefined) {
      locked(value);
      return;
    }
    const checked = (ended: Ended): void => {
      if (ended.how === 'returned') locked(ended.value);
      else
        end(ended.how === 'threw' && ended.thrown instanceof InvalidInputError ? { ...ended, how: 'refused' } : ended);
    };
    new UserWork(attempt, this.#clock, checked).start(timeout, () => validate(schema, value, type));
  }

  #run(attempt: Attempt, handler: Handler, input: unknown, end: (ended: Ended) => void): void {
    const { definition } = handler;
    const context = new JobContext(attempt);
    const work = new UserWork(attempt, this.#clock, end);
    work.start(definition.timeout, () =>
      withStrayRejections(work, () => this.#give(definition, handler.run(input, context))),
    );
  }

  /** What the handler gave, as the text that is kept where the type keeps results. */
  #give({ type, output }: AnyDefinition, given: unknown): unknown {
    if (output === undefined) return given;
    return Promise.resolve(given).then((value) => encodeResult(value, { type, output }, this.#maxPayload));
  }

  #normalize(attempt: Attempt, definition: AnyDefinition, ended: Ended): Outcome | null {
    const { job, controller } = attempt;
    switch (ended.how) {
      case 'returned':
        return completed(definition, ended.value);
      case 'stopped':
        return isCancelled(controller) ? { kind: 'cancelled' } : { kind: 'released' };
      case 'gone':
        return null;
      case 'damaged':
        return { kind: 'dead', reason: ended.reason };
      case 'refused':
        return { kind: 'failed', failure: toFailure(ended.thrown) };
      case 'threw': {
        const verdict = verdictOf(ended.thrown);
        if (verdict?.kind === 'later' || verdict?.kind === 'limited') return { kind: 'snoozed', due: verdict.due };
        const used = job.attempts + 1;
        const failure = toFailure(ended.thrown);
        const { retry } = definition;
        if (used >= retry.attempts || verdict?.kind === 'fail') return { kind: 'failed', failure };
        return this.#retry(retry, used, ended.thrown, failure, attempt.log);
      }
    }
  }

  /** A backoff function that throws in its turn must not cost the job its attempts: the default policy is used instead. */
  #retry(policy: RetryPolicy, used: number, thrown: unknown, failure: Failure, log: Logger): Outcome {
    const random = this.#random();
    try {
      return { kind: 'retry', delay: policy.delayAfter(used, thrown, random), failure };
    } catch (error) {
      log.error({ err: error }, 'the backoff function failed; the default policy is used');
      const delay = FALLBACK.delayAfter(used, thrown, random);
      return { kind: 'retry', delay, failure: { ...failure, cause: failure.cause ?? toFailure(error, 1) } };
    }
  }
}

const COMPLETED: Outcome = { kind: 'completed' };

function completed({ keep, output }: AnyDefinition, value: unknown): Outcome {
  if (keep === null) return COMPLETED;
  if (output === undefined || typeof value !== 'string') return { kind: 'completed', keep };
  return { kind: 'completed', keep, result: value };
}

/** Whether it was aborted since somebody cancelled the job, and not since its manager stops. */
function isCancelled({ reason }: LazyAbortController): boolean {
  return reason instanceof CanceledError && reason.reason === 'cancelled';
}

function decode({ payload, id }: ClaimedJob): Ended {
  try {
    return { how: 'returned', value: decodePayload(payload, id) };
  } catch (error) {
    return { how: 'damaged', reason: messageOf(error) };
  }
}

function limitedBy(thrown: unknown): Limited | null {
  const verdict = verdictOf(thrown);
  return verdict?.kind === 'limited' ? verdict : null;
}

/** The handler has met a limit: its key rests before the job is settled, so that nobody runs into it meanwhile. */
async function slow(attempt: Attempt, { key, due }: Limited): Promise<void> {
  const stored = (attempt.job.locks ?? []).map((lock) => readKey(lock.key)).filter(({ kind }) => kind === 'rate');
  const keys = key === null ? stored.map(({ name }) => name) : [key];
  try {
    for (const name of keys) await attempt.pauseRate(name, due);
  } catch (error) {
    // The job itself is put off in any case.
    attempt.log.warn({ err: error, keys }, 'the rate limit could not be told to the other managers');
  }
}

/** Whether another program enqueued the job and knew nothing of its locks. */
function needsLocks({ locks }: ClaimedJob, { lock, rate }: AnyDefinition): boolean {
  return locks === null && (lock !== undefined || rate !== undefined);
}

async function lock(attempt: Attempt, definition: AnyDefinition, input: unknown): Promise<Ended> {
  const ended = { how: 'returned', value: undefined } as const;
  try {
    const locks = limitsOf(definition, input);
    if (locks.length === 0) return ended;
    return (await attempt.lock(locks)) ? ended : { how: 'gone' };
  } catch (thrown) {
    return attempt.controller.aborted ? { how: 'stopped' } : { how: 'threw', thrown };
  }
}

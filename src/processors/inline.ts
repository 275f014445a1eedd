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

/** What all runs of handlers share. */
interface RunTools {
  readonly clock: Clock;
  readonly maxPayload: number;
  readonly ended: (attempt: Attempt, definition: AnyDefinition, ended: Ended) => void;
}

class HandlerRun extends UserWork {
  readonly #handler: Handler;
  readonly #input: unknown;
  readonly #tools: RunTools;

  constructor(attempt: Attempt, handler: Handler, input: unknown, tools: RunTools) {
    super(attempt, tools.clock);
    this.#handler = handler;
    this.#input = input;
    this.#tools = tools;
  }

  protected work(): unknown {
    return withStrayRejections(this, HandlerRun.#run);
  }

  protected ended(ended: Ended): void {
    this.#tools.ended(this.attempt, this.#handler.definition, ended);
  }

  static #run(this: void, run: HandlerRun): unknown {
    const handler = run.#handler;
    const given = handler.run(run.#input, new JobContext(run.attempt));
    const { type, output } = handler.definition;
    if (output === undefined) return given;
    // The text that is kept where the type keeps results.
    return Promise.resolve(given).then((value) => encodeResult(value, { type, output }, run.#tools.maxPayload));
  }
}

class Validation extends UserWork {
  protected readonly work: () => unknown;
  protected readonly ended: (ended: Ended) => void;

  constructor(attempt: Attempt, clock: Clock, work: () => unknown, ended: (ended: Ended) => void) {
    super(attempt, clock);
    this.work = work;
    this.ended = ended;
  }
}

/** Runs handlers in this process, on its event loop. */
export class InlineProcessor implements Processor {
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #random: () => number;
  readonly #tools: RunTools;

  constructor({ handlers, clock, random, maxPayload }: InlineOptions) {
    this.#handlers = handlers;
    this.#random = random;
    const ended: RunTools['ended'] = (attempt, definition, how) => this.#ended(attempt, definition, how);
    this.#tools = { clock, maxPayload, ended };
  }

  process(attempt: Attempt): void {
    const { job } = attempt;
    const handler = this.#handlers.get(job.type);
    if (handler === undefined) {
      attempt.ended({ kind: 'parked', reason: `${job.worker} has no handler for job type '${job.type}'` });
      return;
    }
    const { definition } = handler;
    let input: unknown;
    try {
      input = decodePayload(job.payload, job.id);
    } catch (error) {
      attempt.ended({ kind: 'dead', reason: messageOf(error) });
      return;
    }
    if (definition.input !== undefined || needsLocks(job, definition)) this.#prepare(attempt, handler, input);
    else new HandlerRun(attempt, handler, input, this.#tools).start(definition.timeout, attempt.startedOn);
  }

  /** Validates the input, and takes the locks of a job that came without. */
  #prepare(attempt: Attempt, handler: Handler, value: unknown): void {
    const { definition } = handler;
    const { input: schema, type, timeout } = definition;
    const end = (ended: Ended): void => this.#ended(attempt, definition, ended);
    const ready = (input: unknown): void => {
      new HandlerRun(attempt, handler, input, this.#tools).start(timeout);
    };
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
    new Validation(attempt, this.#tools.clock, () => validate(schema, value, type), checked).start(timeout);
  }

  #ended(attempt: Attempt, definition: AnyDefinition, how: Ended): void {
    const limited = how.how === 'threw' ? limitedBy(how.thrown) : null;
    if (limited === null) attempt.ended(this.#normalize(attempt, definition, how));
    else void slow(attempt, limited).then(() => attempt.ended(this.#normalize(attempt, definition, how)));
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

import { type ClaimedJob, limitsOf } from '../core/envelope.ts';
import { CanceledError, InvalidInputError, messageOf, WingmanError } from '../core/errors.ts';
import type { AnyDefinition, Context, Handler, RateControl } from '../core/job.ts';
import { checkKey } from '../core/lock.ts';
import type { Logger } from '../core/log.ts';
import { type Failure, type Outcome, toFailure } from '../core/outcome.ts';
import { decodePayload, encodePayload, MAX_PROGRESS_BYTES } from '../core/payload.ts';
import { readKey } from '../core/rate.ts';
import { encodeResult } from '../core/result.ts';
import { type RetryPolicy, retryPolicy } from '../core/retry.ts';
import { validate } from '../core/schema.ts';
import { restOf, verdictOf } from '../core/verdict.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Attempt, type Processor, REACTION_TIME } from './processor.ts';
import { withStrayRejections } from './stray-rejections.ts';

export interface InlineOptions {
  /** By job type. */
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly clock: Clock;
  readonly random: () => number;
  /** The largest result, in bytes of JSON. */
  readonly maxPayload: number;
}

/** How an attempt ended: the value that goes through the pipeline. */
type Ended =
  | { readonly how: 'returned'; readonly value: unknown }
  | { readonly how: 'threw'; readonly thrown: unknown }
  /** No later attempt could do better. */
  | { readonly how: 'refused'; readonly thrown: unknown }
  | { readonly how: 'damaged'; readonly reason: string }
  | { readonly how: 'stopped' }
  /** Held for its lock, or taken away. */
  | { readonly how: 'gone' };

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

  async process(attempt: Attempt): Promise<Outcome | null> {
    const handler = this.#handlers.get(attempt.job.type);
    if (handler === undefined) {
      return { kind: 'parked', reason: `${attempt.job.worker} has no handler for job type '${attempt.job.type}'` };
    }
    const ended = await this.#perform(attempt, handler);
    await slow(attempt, ended);
    return this.#normalize(attempt, handler.definition, ended);
  }

  async #perform(attempt: Attempt, handler: Handler): Promise<Ended> {
    const decoded = decode(attempt.job);
    if (decoded.how !== 'returned') return decoded;
    const checked = await this.#check(attempt, handler.definition, decoded.value);
    if (checked.how !== 'returned') return checked;
    const locked = await lock(attempt, handler.definition, checked.value);
    if (locked.how !== 'returned') return locked;
    return this.#run(attempt, handler, checked.value);
  }

  async #check(attempt: Attempt, { input: schema, type, timeout }: AnyDefinition, value: unknown): Promise<Ended> {
    if (schema === undefined) return { how: 'returned', value };
    const ended = await this.#limit(attempt, timeout, () => validate(schema, value, type));
    return ended.how === 'threw' && ended.thrown instanceof InvalidInputError ? { ...ended, how: 'refused' } : ended;
  }

  #run(attempt: Attempt, handler: Handler, input: unknown): Promise<Ended> {
    const { definition } = handler;
    const context = contextOf(attempt);
    return this.#limit(attempt, definition.timeout, (charge) =>
      withStrayRejections(charge, () => this.#give(definition, handler.run(input, context))),
    );
  }

  /** What the handler gave, as the text that is kept where the type keeps results. */
  #give({ type, output }: AnyDefinition, given: unknown): unknown {
    if (output === undefined) return given;
    return Promise.resolve(given).then((value) => encodeResult(value, { type, output }, this.#maxPayload));
  }

  /**
   * Does user code's work until it ends, its time is up, or the manager stops. What the work is charged with (a rejection
   * that nobody handles) ends it as if it had thrown that.
   */
  async #limit(
    { controller, log }: Attempt,
    timeout: number | null,
    work: (charge: (thrown: unknown) => void) => unknown,
  ): Promise<Ended> {
    const { signal } = controller;
    if (signal.aborted) return { how: 'stopped' };
    // An abort's reason of its own, so that what is thrown can be told from the manager's reasons even if it is one of them.
    let fault: { readonly thrown: unknown } | undefined;
    const end = (thrown: unknown): void => {
      if (signal.aborted) return;
      fault = { thrown };
      controller.abort(thrown);
    };
    const timeIsUp = (): void => {
      end(new WingmanError('WINGMAN_TIMEOUT', `the attempt took longer than its timeout of ${timeout} ms`));
    };
    const cancel = timeout === null ? undefined : this.#clock.after(timeout, timeIsUp);
    let isOver = false;
    const charge = (thrown: unknown): void => {
      if (isOver) log.warn({ err: thrown }, 'a rejection of an attempt that has ended was not handled');
      else end(thrown);
    };
    const settled = settle(() => work(charge));
    const ended = await this.#unlessAbandoned(settled, signal);
    cancel?.();
    isOver = true;
    if (ended === null) settled.then((late) => logLate(log, late));
    if (!signal.aborted) return ended ?? { how: 'stopped' };
    // A handler that gives up when its signal aborts may well return without an error: that is no success.
    if (fault !== undefined) return { how: 'threw', thrown: fault.thrown };
    return ended?.how === 'returned' ? ended : { how: 'stopped' };
  }

  /**
   * After an abort the work has `REACTION_TIME` to end by itself, so that it seldom runs on beside the one who gets its lock
   * next; then it is abandoned: null.
   */
  #unlessAbandoned(settled: Promise<Ended>, signal: AbortSignal): Promise<Ended | null> {
    return new Promise((resolve) => {
      let cancel: (() => void) | undefined;
      const abort = (): void => {
        cancel = this.#clock.after(REACTION_TIME, () => resolve(null));
      };
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      settled.then((ended) => {
        signal.removeEventListener('abort', abort);
        cancel?.();
        resolve(ended);
      });
    });
  }

  #normalize({ job, log, controller }: Attempt, definition: AnyDefinition, ended: Ended): Outcome | null {
    switch (ended.how) {
      case 'returned':
        return completed(definition, ended.value);
      case 'stopped':
        return isCancelled(controller.signal) ? { kind: 'cancelled' } : { kind: 'released' };
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
        return this.#retry(retry, used, ended.thrown, failure, log);
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

function completed({ keep, output }: AnyDefinition, value: unknown): Outcome {
  if (keep === null) return { kind: 'completed' };
  if (output === undefined || typeof value !== 'string') return { kind: 'completed', keep };
  return { kind: 'completed', keep, result: value };
}

function contextOf(attempt: Attempt): Context {
  const { job, log, controller, report } = attempt;
  const { id, type, attempts, token } = job;
  const { schedule } = job.extras ?? {};
  return {
    ...{ id, attempt: attempts + 1, signal: controller.signal, log, token },
    ...(schedule !== undefined && { schedule: { name: schedule.name, tick: new Date(schedule.tick) } }),
    limit: (key) => rateControl(attempt, key),
    progress: (value) => report(encodePayload(value, type, MAX_PROGRESS_BYTES, 'progress')),
  };
}

/** Whether it was aborted since somebody cancelled the job, and not since its manager stops. */
function isCancelled({ reason }: AbortSignal): boolean {
  return reason instanceof CanceledError && reason.reason === 'cancelled';
}

function decode({ payload, id }: ClaimedJob): Ended {
  try {
    return { how: 'returned', value: decodePayload(payload, id) };
  } catch (error) {
    return { how: 'damaged', reason: messageOf(error) };
  }
}

/** The handler has met a limit: its key rests before the job is settled, so that nobody runs into it meanwhile. */
async function slow(attempt: Attempt, ended: Ended): Promise<void> {
  const verdict = ended.how === 'threw' ? verdictOf(ended.thrown) : null;
  if (verdict?.kind !== 'limited') return;
  const { key, due } = verdict;
  const stored = (attempt.job.locks ?? []).map((lock) => readKey(lock.key)).filter(({ kind }) => kind === 'rate');
  const keys = key === null ? stored.map(({ name }) => name) : [key];
  try {
    for (const name of keys) await attempt.pauseRate(name, due);
  } catch (error) {
    // The job itself is put off in any case.
    attempt.log.warn({ err: error, keys }, 'the rate limit could not be told to the other managers');
  }
}

function rateControl({ pauseRate }: Attempt, key: string): RateControl {
  const name = checkKey(key, 'key');
  return {
    pauseUntil: async (until) => pauseRate(name, restOf({ until })),
    pauseFor: async (duration) => pauseRate(name, restOf({ for: duration })),
  };
}

/** Another program enqueued the job and knew nothing of its locks. */
async function lock({ job, controller, lock }: Attempt, definition: AnyDefinition, input: unknown): Promise<Ended> {
  const ended = { how: 'returned', value: undefined } as const;
  if (job.locks !== null || (definition.lock === undefined && definition.rate === undefined)) return ended;
  try {
    const locks = limitsOf(definition, input);
    if (locks.length === 0) return ended;
    return (await lock(locks)) ? ended : { how: 'gone' };
  } catch (thrown) {
    return controller.signal.aborted ? { how: 'stopped' } : { how: 'threw', thrown };
  }
}

/** How user code ended, whatever it does: throws at once, rejects, or gives something that is no promise. */
async function settle(work: () => unknown): Promise<Ended> {
  try {
    return { how: 'returned', value: await work() };
  } catch (thrown) {
    return { how: 'threw', thrown };
  }
}

function logLate(log: Logger, late: Ended): void {
  if (late.how === 'threw')
    log.warn({ err: late.thrown }, 'an abandoned handler threw at last; its job was settled before');
  else log.warn({}, 'an abandoned handler returned at last; its job was settled before');
}

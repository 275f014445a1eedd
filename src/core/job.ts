import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type Duration, toMilliseconds } from './duration.ts';
import { InvalidOptionError, shown, WingmanError } from './errors.ts';
import { type CheckedRules, EXTRAS, type ExtrasRules, extrasRules } from './extras.ts';
import { type Keep, type KeepOptions, keepRule } from './keep.ts';
import type { Locks } from './lock.ts';
import type { Logger } from './log.ts';
import { checkNames } from './options.ts';
import type { Rates } from './rate.ts';
import { type RetryOptions, type RetryPolicy, retryPolicy } from './retry.ts';
import { isSchema, type Schema } from './schema.ts';
import { type UniqueOptions, type UniqueRule, uniqueFunction } from './unique.ts';

/** What a handler gets beside its input. */
export interface Context {
  readonly id: string;
  /** Which run this is, from 1. */
  readonly attempt: number;
  /** Aborts when the attempt's time is up, its deadline has passed, its lease is lost, or the manager's grace period ends. */
  readonly signal: AbortSignal;
  /** A logger whose lines carry the job's id, type, queue and attempt. */
  readonly log: Logger;
  /** Names this claim, and grows with each claim of the job: send it with your effects to fence off a late run. */
  readonly token: string;
  /**
   * Says how far the work is: anything that JSON can hold, up to 16 KiB. The newest value is told ten times a second at most,
   * and the last one always.
   * @throws WingmanError `WINGMAN_PAYLOAD_NOT_JSON`, `WINGMAN_PAYLOAD_TOO_LARGE`
   */
  progress(value: unknown): void;
  /** A rate key, to let it rest for all managers: `await limit('api.example.com').pauseUntil(resetsAt)`. */
  readonly limit: (key: string) => RateControl;
  /**
   * Of a job that a recurring schedule made: which one, and for which tick. Of one that was run by hand, the tick is the instant at
   * which that was asked for.
   */
  readonly schedule?: { readonly name: string; readonly tick: Date };
}

/** What a handler may do to a rate key. */
export interface RateControl {
  /** No job with this key starts before then. An earlier instant than one that was told before changes nothing. */
  pauseUntil(until: Date): Promise<void>;
  /** No job with this key starts for so long. */
  pauseFor(duration: Duration): Promise<void>;
}

export interface JobOptions<Input, Output = Input> extends ExtrasRules<Output> {
  /** The type's name, as `invoice.send`: 1 to 128 characters of any kind but control characters. */
  readonly type: string;
  /** `default` when left out. */
  readonly queue?: string;
  /** Any Standard Schema. What is stored is the input as given; the handler gets the schema's output. */
  readonly input?: Schema<Input, Output>;
  /**
   * Any Standard Schema of what the handler returns. It is then checked, and kept with the job for whoever waits for it. Stored
   * is the value as returned; `result()` gives the schema's output.
   */
  readonly output?: Schema;
  /** At most `concurrency` jobs with the same key run at once. One lock, or a list: all are taken or none. */
  readonly lock?: (input: Output) => Locks;
  /** How often jobs with the same key may start. One rate, or a list: the job starts when all of them allow it. */
  readonly rate?: (input: Output) => Rates;
  readonly retry?: RetryOptions;
  /** How long one attempt may take; 1 hour when left out, `false` for no limit. */
  readonly timeout?: Duration | false;
  /**
   * How long a job is kept once it has completed: a time as `'1 day'`, a number of jobs of this type, or both. When left out
   * it is gone at once, or kept for 1 hour where it has an `output`.
   */
  readonly keep?: KeepOptions;
  /** Which other jobs of this type a job must not stand beside, and what becomes of one that would. */
  readonly unique?: UniqueRule<Output>;
}

/** One piece of work that is not in the books yet: what `enqueue` and `pushJob` take. */
export interface Job {
  readonly type: string;
  /** `default` when left out. */
  readonly queue?: string;
  /** The input, of any shape that JSON can hold. */
  readonly payload: unknown;
  /** Left out where a definition has the rule: it is applied when the job is pushed. */
  readonly lock?: Locks;
  /** The same for rates. */
  readonly rate?: Rates;
  /** In the stead of its definition's rule, where that has one; false for a job that is not unique. */
  readonly unique?: UniqueOptions | false;
  readonly definition?: AnyDefinition;
}

/**
 * A job type. Made by `defineJob`; imported by the application and by the manager. `Returned` is what its handler gives, and
 * `Result` what the output schema makes of it: nothing where there is no schema.
 */
export interface JobDefinition<Input, Output = Input, Returned = unknown, Result = never> {
  readonly type: string;
  readonly queue: string;
  readonly input: Schema<Input, Output> | undefined;
  /** Undefined where no results are kept. */
  readonly output: Schema<Returned, Result> | undefined;
  readonly lock: ((input: Output) => Locks) | undefined;
  readonly rate: ((input: Output) => Rates) | undefined;
  readonly retry: RetryPolicy;
  /** Milliseconds, or null for no limit. */
  readonly timeout: number | null;
  /** Null where completed jobs are not kept. */
  readonly keep: Keep | null;
  readonly unique: ((input: Output) => UniqueOptions | null | undefined) | undefined;
  /** What is said of the priority, the deadline and the tags of its jobs. */
  readonly extras: CheckedRules<Output>;
  /** Makes one job of this type. Its input is validated when it is pushed or enqueued. */
  job(...input: InputArguments<Input>): Job;
  /** Pairs the type with the function that does the work, for a manager. */
  handle(handler: (input: Output, context: Context) => Returned | PromiseLike<Returned>): Handler;
}

/** `.job()` and `.enqueue(type)` take no input where the type has none. */
export type InputArguments<Input> = [Input] extends [undefined] ? [input?: Input] : [input: Input];

/** A definition whose types are no longer known: for code that passes definitions on. */
export interface AnyDefinition {
  readonly type: string;
  readonly queue: string;
  readonly input: Schema | undefined;
  readonly output: Schema | undefined;
  readonly lock: ((input: never) => Locks) | undefined;
  readonly rate: ((input: never) => Rates) | undefined;
  readonly retry: RetryPolicy;
  readonly timeout: number | null;
  readonly keep: Keep | null;
  readonly unique: ((input: never) => UniqueOptions | null | undefined) | undefined;
  readonly extras: CheckedRules<never>;
}

/** A job type with the function that does its work. Made by a definition's `.handle(fn)`. */
export interface Handler {
  readonly [HANDLER]: true;
  readonly definition: AnyDefinition;
  /** Runs one attempt. `input` has passed the type's schema. */
  run(input: unknown, context: Context): unknown;
}

// Registered symbols: a worker module may have loaded another copy of this package.
const HANDLER: unique symbol = Symbol.for('wingmanjs.handler') as never;
const DEFINITION: unique symbol = Symbol.for('wingmanjs.definition') as never;

const OPTIONS = ['type', 'queue', 'input', 'output', 'lock', 'rate', 'retry', 'timeout', 'keep', 'unique', ...EXTRAS];
const DEFAULT_QUEUE = 'default';
const DEFAULT_TIMEOUT = 3_600_000;
/** So long is there a result for those who come late. */
const KEEP_RESULTS: Keep = { for: 3_600_000, count: null };

/** In the place of an output schema where there is none. */
type NoOutput = StandardSchemaV1<unknown, never>;

/**
 * Defines a job type, with an input schema or with a type parameter: `defineJob({ type, input: z.object({…}) })` or
 * `defineJob<{ tenant: string }>({ type })`. With a type parameter, an output schema needs one as well:
 * `defineJob<{ tenant: string }, typeof output>({ type, output })`.
 * @throws InvalidOptionError for an option that makes no sense or is not known, with the value received
 */
export function defineJob<S extends StandardSchemaV1, R extends StandardSchemaV1 = NoOutput>(
  options: JobOptions<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>> & {
    readonly input: S;
    readonly output?: R;
  },
): JobDefinition<
  StandardSchemaV1.InferInput<S>,
  StandardSchemaV1.InferOutput<S>,
  StandardSchemaV1.InferInput<R>,
  StandardSchemaV1.InferOutput<R>
>;
export function defineJob<Input = undefined, R extends StandardSchemaV1 = NoOutput>(
  options: JobOptions<Input> & { readonly input?: undefined; readonly output?: R },
): JobDefinition<Input, Input, StandardSchemaV1.InferInput<R>, StandardSchemaV1.InferOutput<R>>;
export function defineJob<Input, Output>(
  options: JobOptions<Input, Output>,
): JobDefinition<Input, Output, unknown, unknown> {
  checkNames(options, OPTIONS, 'options');
  const { input, output, lock, rate, timeout = DEFAULT_TIMEOUT } = options;
  if (output !== undefined && !isSchema(output)) {
    throw new InvalidOptionError('output', 'a Standard Schema (of zod, valibot, arktype, …)', output);
  }
  if (input !== undefined && !isSchema(input)) {
    throw new InvalidOptionError('input', 'a Standard Schema (of zod, valibot, arktype, …)', input);
  }
  if (lock !== undefined && typeof lock !== 'function') {
    throw new InvalidOptionError('lock', 'a function of the input', lock);
  }
  if (rate !== undefined && typeof rate !== 'function') {
    throw new InvalidOptionError('rate', 'a function of the input', rate);
  }
  const definition: JobDefinition<Input, Output, unknown, unknown> & { readonly [DEFINITION]: true } = {
    [DEFINITION]: true,
    type: checkType(options.type),
    queue: checkQueue(options.queue),
    input,
    output,
    lock,
    rate,
    retry: retryPolicy(options.retry),
    timeout: timeout === false ? null : positive(timeout),
    keep: keepRule(options.keep, 'keep') ?? (output === undefined ? null : KEEP_RESULTS),
    unique: uniqueFunction(options.unique),
    extras: extrasRules(options),
    job: (...[payload]) => ({ type: definition.type, queue: definition.queue, payload, definition }),
    handle: (handler) => {
      if (typeof handler !== 'function') throw new InvalidOptionError('handler', 'a function', handler);
      // The manager hands in what the type's schema has let through, so the input is of the handler's type.
      return { [HANDLER]: true, definition, run: (value, context) => handler(value as Output, context) };
    },
  };
  return Object.freeze(definition);
}

/** Whether a value is a handler made by some definition's `.handle`. */
export function isHandler(value: unknown): value is Handler {
  return typeof value === 'object' && value !== null && Reflect.get(value, HANDLER) === true;
}

/** Whether a value was made by `defineJob`. */
export function isDefinition(value: unknown): value is AnyDefinition {
  return typeof value === 'object' && value !== null && DEFINITION in value && value[DEFINITION] === true;
}

/**
 * A job type's name, checked.
 * @throws WingmanError `WINGMAN_JOB_INVALID`
 */
export function checkType(type: unknown): string {
  if (isName(type)) return type;
  const hint = "give it one, as in defineJob({ type: 'invoice.send' })";
  throw new WingmanError(
    'WINGMAN_JOB_INVALID',
    `a job needs a type of 1 to 128 characters; ${hint}; received ${shown(type)}`,
  );
}

/**
 * A queue's name, checked; `default` where none is given.
 * @throws InvalidOptionError
 */
export function checkQueue(queue: unknown): string {
  if (queue === undefined) return DEFAULT_QUEUE;
  if (isName(queue)) return queue;
  throw new InvalidOptionError('queue', 'text of 1 to 128 characters', queue);
}

// A lone surrogate has no form in UTF-8: two such names would become one in the store.
const NAME = /^[^\p{Cc}\p{Surrogate}]{1,128}$/u;

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

function positive(timeout: Duration): number {
  const milliseconds = toMilliseconds(timeout, 'timeout');
  if (milliseconds > 0) return milliseconds;
  throw new InvalidOptionError('timeout', 'longer than 0, or false for no limit', timeout);
}

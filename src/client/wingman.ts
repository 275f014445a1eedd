import type { Backend, EnqueueReply } from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import { type Due, isId, type NewJob, wrap } from '../core/envelope.ts';
import { InvalidInputError, InvalidOptionError, WingmanError } from '../core/errors.ts';
import type { ExtrasOptions } from '../core/extras.ts';
import { type AnyDefinition, isDefinition, type Job, type JobDefinition } from '../core/job.ts';
import { systemClock } from '../runtime/clock.ts';
import { newId, newName } from '../runtime/identity.ts';
import { chunksOf, isIterable } from './chunks.ts';
import { deliver } from './delivery.ts';
import { EnqueueCall } from './enqueue-call.ts';
import { type EnqueuedJob, Enqueuing, type EnqueuingDesk, named, toEnqueued } from './enqueued.ts';
import { Following } from './following.ts';
import { JobHandle } from './job-handle.ts';
import { Operator } from './operator.ts';
import {
  checkInTime,
  dueOf,
  type EnqueueOptions,
  enqueueOptions,
  type ManyOptions,
  manyOptions,
  type Replication,
  replicasOf,
} from './options.ts';
import { batchesOf, Outbox, type Recipient } from './outbox.ts';
import { Schedules } from './schedules.ts';

/** What follows the job type in `enqueue`: no input is needed where the type has none. */
export type EnqueueArguments<Input> = [Input] extends [undefined]
  ? [input?: Input, options?: EnqueueOptions]
  : [input: Input, options?: EnqueueOptions];

/** How many inputs `enqueueMany` validates before it writes any of them. */
const MANY = 500;

/** An application's side: enqueues jobs and looks at them. Made by `connect`. */
export class Wingman extends Operator {
  /** Jobs that run again and again. */
  readonly schedules: Schedules;
  readonly #backend: Backend;
  readonly #ownsBackend: boolean;
  readonly #desk: EnqueuingDesk;
  readonly #caller: Caller;
  readonly #outbox: Outbox;
  readonly #following: Following;
  /** Calls that are not settled yet. */
  #pending = 0;
  #idle: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  /** @param settings `enqueueTimeout` in milliseconds */
  constructor(backend: Backend, settings: { readonly ownsBackend: boolean; readonly enqueueTimeout: number }) {
    const caller = new Caller(newName());
    super({ backend, caller, whileOpen: (work) => this.#whileOpen(work) });
    this.#caller = caller;
    this.#backend = backend;
    this.#ownsBackend = settings.ownsBackend;
    this.#outbox = new Outbox((jobs, recipient) => this.#send(jobs, recipient), systemClock);
    this.schedules = new Schedules({ backend, caller: this.#caller }, (work) => this.#whileOpen(work));
    this.#following = new Following(backend, systemClock);
    const { enqueueTimeout } = settings;
    this.#desk = { following: this.#following, enqueueTimeout, ended: () => this.#ended() };
  }

  /**
   * Validates a job and puts it into its queue; resolves when the backend has it. Jobs enqueued at once are sent together, many of them in two calls.
   * @throws InvalidInputError with each path and reason; InvalidOptionError; WingmanError `WINGMAN_JOB_MISSING`,
   *   `WINGMAN_JOB_INVALID`, `WINGMAN_PAYLOAD_NOT_JSON`, `WINGMAN_PAYLOAD_TOO_LARGE`, `WINGMAN_BACKEND_…`;
   *   EnqueueTimeoutError with the job's fate when the backend was out of reach for `enqueueTimeout`; JobConflictError where its
   *   unique key is taken and it asks for that
   */
  enqueue<Input, Output, Returned, Result>(
    definition: JobDefinition<Input, Output, Returned, Result>,
    ...args: EnqueueArguments<NoInfer<Input>>
  ): Promise<EnqueuedJob<Result>>;
  /** The same for a job that a definition made: `sendInvoice.job(input)`. */
  enqueue(job: Job, options?: EnqueueOptions): Promise<EnqueuedJob<unknown>>;
  enqueue(subject: AnyDefinition | Job, ...args: unknown[]): Promise<EnqueuedJob<unknown>> {
    // Not by `begun`: its function would be one more for each job.
    try {
      return this.#enqueue(subject, args);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #enqueue(subject: AnyDefinition | Job, args: readonly unknown[]): Promise<EnqueuedJob<unknown>> {
    this.#assertOpen();
    const isDefined = isDefinition(subject);
    const options = enqueueOptions(isDefined ? args[1] : args[0]);
    const job = isDefined ? jobOf(subject, args[0]) : subject;
    const replication = replicasOf(options.durability);
    const { unique, id } = options;
    const made = this.#wrap(unique === undefined ? job : { ...job, unique }, dueOf(options), options, id);
    const { definition } = job;
    // Mostly there is one promise from here to the caller.
    if (!(made instanceof Promise) && replication === null) return this.#take(made, definition);
    return this.#whileOpen(async () => {
      const enqueued = await this.#take(await made, definition);
      if (replication !== null) await this.#replicate(replication, `job ${enqueued.id} is`);
      return enqueued;
    });
  }

  #take(job: NewJob, definition: AnyDefinition | undefined): Promise<EnqueuedJob<unknown>> {
    this.#pending += 1;
    return new Promise((resolve, reject) => {
      this.#outbox.add(new Enqueuing(job, definition, this.#desk, resolve, reject));
    });
  }

  /**
   * Enqueues one job for each input, in batches: all inputs of a batch are validated before any is written. One that is
   * refused ends it, with its index in the error's message and paths; the batches before stay enqueued. While a
   * batch is written the next one is asked for and validated, and no more: a source that could give a million is never ahead by more than
   * one. Gives what became of each, in order; one whose unique key is taken and that asks to be refused is `rejected`, since others of its batch are written.
   * @param inputs what an asynchronous source throws, or a cursor that breaks, ends it in the same way
   * @throws as `enqueue`
   */
  enqueueMany<Input, Output, Returned, Result>(
    definition: JobDefinition<Input, Output, Returned, Result>,
    inputs: Iterable<NoInfer<Input>> | AsyncIterable<NoInfer<Input>>,
    options?: ManyOptions,
  ): Promise<readonly EnqueuedJob<Result>[]> {
    return this.#whileOpen(async () => {
      if (!isDefinition(definition)) throw new InvalidOptionError('definition', 'made by defineJob', definition);
      if (!isIterable(inputs)) {
        throw new InvalidOptionError('inputs', 'a list, or another iterable or async iterable of inputs', inputs);
      }
      const given = manyOptions(options);
      const replication = replicasOf(given.durability);
      const due = dueOf(given);
      const results: EnqueuedJob<Result>[] = [];
      let index = 0;
      // While the store takes a batch, the next one is made: but it is written after it, and asked for once that is under way.
      let sent: Promise<void> = Promise.resolve();
      try {
        for await (const chunk of chunksOf(inputs, MANY)) {
          const jobs = await this.#wrapAll(chunk, index, definition, due, given);
          index += chunk.length;
          await sent;
          sent = this.#sendAll(jobs, definition, results);
          // Whoever waits for it comes to it later.
          sent.catch(() => undefined);
        }
      } finally {
        await sent;
      }
      if (replication !== null) await this.#replicate(replication, `${results.length} jobs are`);
      return results;
    });
  }

  /**
   * A handle on a job by its id, from any process: to wait for its result, and to see how it goes. With its definition the result
   * is typed and checked. Nothing is looked up yet.
   * @throws InvalidOptionError
   */
  job<Input, Output, Returned, Result>(
    definition: JobDefinition<Input, Output, Returned, Result>,
    id: string,
  ): JobHandle<Result>;
  job(id: string): JobHandle;
  job(...args: readonly unknown[]): JobHandle {
    const [definition, id] = args.length < 2 ? [undefined, args[0]] : args;
    if (definition !== undefined && !isDefinition(definition)) {
      throw new InvalidOptionError('definition', 'made by defineJob', definition);
    }
    if (!isId(id)) throw new InvalidOptionError('id', "a job's id", id);
    return new JobHandle(this.#following, id, definition);
  }

  /**
   * Waits for what is being enqueued, and closes the backend if `connect` opened it. Who waits for a result is told at once:
   * `WINGMAN_BACKEND_CLOSED`. A second call does nothing more.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#following.close();
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    if (this.#ownsBackend) await this.#backend.close();
  }

  async #whileOpen<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#assertOpen();
    this.#pending += 1;
    try {
      return await work();
    } finally {
      this.#ended();
    }
  }

  #assertOpen(): void {
    if (this.#closed !== null) throw new WingmanError('WINGMAN_BACKEND_CLOSED', 'this client is closed: connect again');
  }

  #ended(): void {
    this.#pending -= 1;
    if (this.#pending === 0) this.#idle?.();
  }

  #wrap(job: Job, due: Due | undefined, given: ExtrasOptions, id: string = newId()): NewJob | Promise<NewJob> {
    const wrapped = wrap(job, id, this.#backend.maxPayload, given);
    if (due === undefined) return wrapped;
    return wrapped instanceof Promise ? wrapped.then((made) => delayed(made, due)) : delayed(wrapped, due);
  }

  /** @param first the number of the first of these inputs among all of them */
  async #wrapAll(
    inputs: readonly unknown[],
    first: number,
    definition: AnyDefinition,
    due: Due | undefined,
    given: ExtrasOptions,
  ): Promise<NewJob[]> {
    const jobs: NewJob[] = [];
    const underway: Promise<void>[] = [];
    for (const [at, input] of inputs.entries()) {
      const refuse = (error: unknown): never => {
        throw withIndex(error, first + at, definition.type);
      };
      try {
        const wrapped = this.#wrap(jobOf(definition, input), due, given);
        if (wrapped instanceof Promise) {
          underway.push(
            wrapped.then((job) => {
              jobs[at] = job;
            }, refuse),
          );
        } else jobs[at] = wrapped;
      } catch (error) {
        await Promise.allSettled(underway);
        refuse(error);
      }
    }
    await Promise.all(underway);
    return jobs;
  }

  async #sendAll<Result>(
    jobs: readonly NewJob[],
    definition: AnyDefinition,
    results: EnqueuedJob<Result>[],
  ): Promise<void> {
    for (const batch of batchesOf(jobs, (job) => job)) {
      const sent = await new Promise<EnqueueReply>((resolve, reject) => {
        const failed = (error: unknown): void => reject(named(error, batch[0]?.id ?? '', this.#desk.enqueueTimeout));
        this.#send(batch, { delivered: resolve, failed });
      });
      for (const [index, job] of batch.entries()) {
        results.push(toEnqueued<Result>(this.#following, definition, job, sent.results[index] ?? 'enqueued'));
      }
    }
  }

  #send(jobs: readonly NewJob[], recipient: Recipient): void {
    deliver(new EnqueueCall(this.#backend, this.#caller, jobs, recipient), this.#desk.enqueueTimeout, systemClock);
  }

  async #replicate({ replicas, timeout }: Replication, what: string): Promise<void> {
    const reached = await this.#backend.replicated(replicas, timeout);
    if (reached >= replicas) return;
    throw new WingmanError(
      'WINGMAN_NOT_REPLICATED',
      `${what} enqueued, and on ${reached} of ${replicas} replicas after ${timeout} ms: a failover may lose what is not there`,
    );
  }
}

function delayed(job: NewJob, due: Due): NewJob {
  const later = { ...job, due };
  checkInTime(later);
  return later;
}

function jobOf(definition: AnyDefinition, payload: unknown): Job {
  return { type: definition.type, queue: definition.queue, payload, definition };
}

/** Says which of many inputs was refused. */
function withIndex(error: unknown, index: number, type: string): unknown {
  if (!(error instanceof WingmanError)) return error;
  if (!(error instanceof InvalidInputError)) {
    return new WingmanError(error.code, `input [${index}]: ${error.message}`, { cause: error });
  }
  return new InvalidInputError(
    type,
    error.issues.map(({ path, message }) => {
      const separator = path === '' || path.startsWith('[') ? '' : '.';
      return { path: `[${index}]${separator}${path}`, message };
    }),
  );
}

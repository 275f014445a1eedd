import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import type { ClaimedJob, Due, NewJob } from '../../core/envelope.ts';
import type { Lock, StoredLock } from '../../core/lock.ts';
import type { Outcome } from '../../core/outcome.ts';
import { RATE_MARK } from '../../core/rate.ts';
import { systemClock } from '../../runtime/clock.ts';
import type {
  Acted,
  Backend,
  BulkCancelReply,
  CancelReply,
  CheckedIn,
  CheckIn,
  Claim,
  Counters,
  Enqueued,
  EnqueueReply,
  ExchangeReply,
  LockReply,
  PauseReason,
  PauseTarget,
  QueueLimit,
  ScheduleWrite,
  ScheduleWritten,
  Settlement,
  SweepReply,
  UnlockReply,
} from '../backend.ts';
import { Caller } from '../call.ts';
import type { Ability, Store, StoreOptions, Subject } from './subject.ts';

export const HOUR = 3_600_000;

/** A job of a test. Without locks unless it names some. */
export function newJob(id: string, fields: Partial<NewJob> = {}): NewJob {
  return { id, type: 'test', queue: 'q', payload: '{}', locks: [], ...fields };
}

/** Locks as `['a', 1]`, in the order in which they are stored: by key. */
export function locks(...pairs: readonly (readonly [key: string, concurrency: number])[]): readonly Lock[] {
  return pairs.map(([key, concurrency]) => ({ key, concurrency }));
}

/** A rate as it is stored: one job each `interval` milliseconds, and `burst` at once. */
export function rate(key: string, interval: number, burst = 1): StoredLock {
  return { key: RATE_MARK + key, concurrency: burst, interval };
}

export const completed = { kind: 'completed' } as const;
export const released = { kind: 'released' } as const;
export const failed = { kind: 'failed', failure: { name: 'Error', message: 'no luck' } } as const;

export function retry(delay: number, message = 'not yet'): Outcome {
  return { kind: 'retry', delay, failure: { name: 'Error', message } };
}

/** One client of a backend, with short forms of the contract's calls. */
export class Session {
  readonly backend: Backend;
  readonly #caller = new Caller(randomUUID());
  #workers = 0;

  constructor(backend: Backend) {
    this.backend = backend;
  }

  /** Gives the results alone: see `enqueueReply`. */
  async enqueue(...jobs: readonly NewJob[]): Promise<readonly Enqueued[]> {
    return (await this.enqueueReply(...jobs)).results;
  }

  enqueueReply(...jobs: readonly NewJob[]): Promise<EnqueueReply> {
    return this.#caller.call((call) => this.backend.enqueue(call, jobs));
  }

  /** Enqueues any number of jobs, a thousand in a call. */
  async enqueueAll(jobs: readonly NewJob[]): Promise<void> {
    for (let start = 0; start < jobs.length; start += 1_000) await this.enqueue(...jobs.slice(start, start + 1_000));
  }

  /** Registers a new worker under an hour's lease. Later ones have later names. */
  async worker(): Promise<string> {
    this.#workers += 1;
    const worker = `worker-${this.#workers}-${randomUUID().slice(0, 8)}`;
    await this.backend.register(worker, HOUR);
    return worker;
  }

  /** Checks in as the leader, if nobody else is, with no worker and for no work, but for what is given. */
  checkIn(given: Partial<CheckIn> = {}): Promise<CheckedIn> {
    const nobody = { worker: null, lease: HOUR, queues: [], types: [], keepFailed: { for: null, count: null } };
    return this.backend.checkIn({ candidate: 'candidate', leadership: HOUR, ...nobody, ...given });
  }

  /** Whether a candidate leads from now on. */
  async lead(candidate: string, leadership: number): Promise<boolean> {
    return (await this.checkIn({ candidate, leadership })).leads;
  }

  /** The tokens of the runs of a worker that are to be cancelled. */
  async toCancel(worker: string): Promise<readonly string[]> {
    return (await this.checkIn({ worker })).toCancel;
  }

  exchange(worker: string, settlements: readonly Settlement[], claim?: Claim): Promise<ExchangeReply> {
    const request = { worker, settlements, ...(claim !== undefined && { claim }) };
    return this.#caller.call((call) => this.backend.exchange(call, request));
  }

  relinquish(worker: string, ...known: readonly ClaimedJob[]): Promise<SweepReply> {
    const tokens = known.map(({ token }) => token);
    return this.#caller.call((call) => this.backend.relinquish(call, worker, tokens, 1_000));
  }

  async claim(
    worker: string,
    count = 1,
    { queues = ['q'], locks = 'take' }: Partial<Claim> = {},
  ): Promise<readonly ClaimedJob[]> {
    return (await this.exchange(worker, [], { queues, count, locks })).claimed;
  }

  /** Claims the job that comes up next, which must be this one. */
  async take(worker: string, id: string, queue = 'q', locks: Claim['locks'] = 'take'): Promise<ClaimedJob> {
    const [job] = await this.claim(worker, 1, { queues: [queue], locks });
    if (job?.id !== id) throw new Error(`job ${id} should have come up in ${queue}, and not ${job?.id ?? 'none'}`);
    return job;
  }

  async settle(job: ClaimedJob, outcome: Outcome): Promise<ExchangeReply> {
    return this.exchange(job.worker, [{ job, outcome }]);
  }

  lock(job: ClaimedJob, locks?: readonly Lock[]): Promise<LockReply> {
    return this.#caller.call((call) => this.backend.lock(call, job, locks));
  }

  unlock(job: ClaimedJob): Promise<UnlockReply> {
    return this.#caller.call((call) => this.backend.unlock(call, job));
  }

  increment(counter: keyof Counters, by: number): Promise<void> {
    return this.#caller.call((call) => this.backend.increment(call, counter, by));
  }

  cancel(id: string): Promise<CancelReply> {
    return this.#caller.call((call) => this.backend.cancel(call, id));
  }

  releaseKey(type: string, key: string): Promise<boolean> {
    return this.#caller.call((call) => this.backend.uniqueKeys.release(call, type, key));
  }

  cancelAll(...ids: readonly string[]): Promise<BulkCancelReply> {
    return this.#caller.call((call) => this.backend.bulk.cancel(call, ids));
  }

  retryFailed(...ids: readonly string[]): Promise<readonly Acted<'retried'>[]> {
    return this.#caller.call((call) => this.backend.retryFailed(call, ids));
  }

  discard(...ids: readonly string[]): Promise<readonly Acted<'discarded'>[]> {
    return this.#caller.call((call) => this.backend.discard(call, ids));
  }

  pause(target: PauseTarget, why: Partial<PauseReason> = {}): Promise<void> {
    return this.#caller.call((call) => this.backend.controls.pause(call, target, { by: null, reason: null, ...why }));
  }

  resume(target: PauseTarget): Promise<boolean> {
    return this.#caller.call((call) => this.backend.controls.resume(call, target));
  }

  limitQueue(queue: string, limit: Partial<QueueLimit> | null): Promise<void> {
    const given = limit === null ? null : { concurrency: null, rate: null, ...limit };
    return this.#caller.call((call) => this.backend.controls.limitQueue(call, queue, given));
  }

  pauseRate(key: string, until: Due): Promise<void> {
    return this.#caller.call((call) => this.backend.controls.pauseRate(call, key, until));
  }

  /** Writes a schedule, a new one unless it is said what it replaces. */
  writeSchedule(name: string, fields: Partial<ScheduleWrite>): Promise<ScheduleWritten> {
    const write = { name, due: null, text: '', replaces: null, ...fields };
    return this.#caller.call((call) => this.backend.schedules.write(call, write));
  }

  removeSchedule(name: string): Promise<boolean> {
    return this.#caller.call((call) => this.backend.schedules.remove(call, name));
  }

  /** The ids of the jobs that wait in a queue, in order. */
  waiting(queue = 'q'): Promise<readonly string[]> {
    return this.backend.list({ state: 'waiting', queue }, 0, 10_000);
  }

  /** The ids of the jobs held for a key, in order. */
  held(key: string): Promise<readonly string[]> {
    return this.backend.list({ state: 'held', key }, 0, 10_000);
  }

  /** The ids of the jobs that have a place of a key. */
  async holding(key: string): Promise<readonly string[]> {
    return (await this.backend.holders(key)).map(({ id }) => id);
  }

  /** Resolves when the backend's clock has passed this instant, or the present one by at least a millisecond. */
  async passed(instant?: number): Promise<void> {
    const end = instant ?? (await this.backend.now());
    while ((await this.backend.now()) <= end) await systemClock.sleep(1);
  }

  /** Ends a worker's lease as if its process had vanished, and takes all of its jobs back. */
  async vanish(worker: string): Promise<void> {
    await this.backend.retire(worker);
    while ((await this.backend.reclaim(100)).more);
  }
}

/** A claim that there must be. */
export function present(job: ClaimedJob | undefined): ClaimedJob {
  if (job === undefined) throw new Error('there should have been one more claim');
  return job;
}

/** Some round trips of time, in which what was started before gets under way. */
export async function roundTrips(backend: Backend): Promise<void> {
  for (let trip = 0; trip < 5; trip += 1) await backend.now();
}

/** A new store for the running test, which is gone when the test has ended, and a session on it. */
export async function begin(
  subject: Subject,
  options?: StoreOptions,
): Promise<{ session: Session; backend: Backend; store: Store }> {
  const store = await subject.create(options);
  onTestFinished(() => store.dispose());
  const backend = await store.open();
  return { session: new Session(backend), backend, store };
}

/** A test of something that not every kind of store can do. */
export function itIfAble(subject: Subject, ability: Ability, title: string, test: () => Promise<void>): void {
  const reason = subject.cannot[ability];
  if (reason === undefined) it(title, test);
  else it.skip(`${title} (skipped: ${reason})`, test);
}

/** Nobody has a place of these keys or waits for one: a test that has settled all of its jobs has leaked none. */
export async function expectNoHolders(session: Session, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    expect(await session.holding(key)).toEqual([]);
    expect(await session.held(key)).toEqual([]);
  }
}

import { missed } from '../core/deadline.ts';
import type { ClaimedJob, ForeignEnvelope, NewJob } from '../core/envelope.ts';
import { wrap } from '../core/envelope.ts';
import {
  CanceledError,
  CouldNotLockError,
  InvalidOptionError,
  JobConflictError,
  messageOf,
  StaleError,
  shown,
  WingmanError,
} from '../core/errors.ts';
import { deadlineOf } from '../core/extras.ts';
import type { Job } from '../core/job.ts';
import { type Outcome, toFailure } from '../core/outcome.ts';
import { decodePayload } from '../core/payload.ts';
import { withAnyOf } from '../runtime/abort.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { newId, newName } from '../runtime/identity.ts';
import { type Backend, SWEEP_BUDGET, type SweepReply } from './backend.ts';
import { Caller } from './call.ts';

/** What `lockJob` gives: 0, -1, or the id of the lock, 1 or more. */
export type LockId = number;

/** The job needs no lock. */
export const LOCK_NOT_REQUIRED = 0;
/** Every place of a lock is taken: the job waits among those held for it, and is no longer this worker's. */
export const JOB_HELD = -1;

export interface StageOptions {
  /** How long `popJob` blocks, in milliseconds; 10,000 when left out, `Infinity` for no limit. */
  readonly blockingTimeout?: number;
  /** How long popped jobs stay this process's own after its last sign of life, in milliseconds; 15,000 when left out. */
  readonly lease?: number;
}

/** A job that was popped: owned by this process until it is cleared, failed or held, or the lease ends. */
export interface PoppedJob {
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly payload: unknown;
  /** Which run this is, from 1. */
  readonly attempt: number;
  /** Names this claim of the job. */
  readonly token: string;
  /** Set by `lockJob`. */
  lockId?: LockId;
}

/** The next job of a queue, as `peek` shows it. */
export type PeekedJob = Omit<PoppedJob, 'token' | 'lockId'>;

/** A job that has its id already. */
export type Envelope = (Job & { readonly id: string }) | (ForeignEnvelope & { readonly Queue?: string });

const DEFAULT_BLOCKING_TIMEOUT = 10_000;
const DEFAULT_LEASE = 15_000;
const POLL_INTERVAL = 1_000;
/** Of each kind: whoever pops a job has not come to do all that is to be done. */
const MOST_SWEEPS = 10;

/**
 * The contract's stages one at a time, for a loop of one's own: pop, lock, process, release, clear. The manager uses the same
 * transitions fused into one step. Between any two stages a job is owned by this process's lease, so none is lost when the
 * process dies; while `popJob` waits, it also takes back what other dead processes owned.
 */
export class Stages {
  readonly backend: Backend;
  readonly #clock: Clock;
  readonly #blockingTimeout: number;
  readonly #lease: number;
  readonly #caller = new Caller(newName());
  /** What this process popped and still owns, by job id. */
  readonly #claims = new Map<string, ClaimedJob>();
  readonly #closing = new AbortController();
  #worker: string | null = null;
  #registering: Promise<string> | null = null;
  #isBeating = false;
  #lastSweep = Number.NEGATIVE_INFINITY;

  constructor(backend: Backend, options: StageOptions = {}, clock: Clock = systemClock) {
    const { blockingTimeout = DEFAULT_BLOCKING_TIMEOUT, lease = DEFAULT_LEASE } = options;
    if (!(blockingTimeout > 0))
      throw new InvalidOptionError('blockingTimeout', 'milliseconds above 0', blockingTimeout);
    if (!(lease >= 1) || !Number.isFinite(lease))
      throw new InvalidOptionError('lease', 'milliseconds, 1 or more', lease);
    this.backend = backend;
    this.#clock = clock;
    this.#blockingTimeout = blockingTimeout;
    this.#lease = lease;
  }

  /**
   * Appends a job to its queue under a new id, which it returns; where its unique key is taken and it does not replace the job
   * that has it, the id of that one.
   * @throws WingmanError `WINGMAN_JOB_MISSING` without a job; what `wrap` throws for one that cannot be stored;
   *   JobConflictError where its unique key is taken and it asks for that
   */
  async pushJob(job: Job): Promise<string> {
    return this.#push(await wrap(job, newId(this.#clock), this.backend.maxPayload));
  }

  /** Appends a job that is wrapped already, under its own id. One that is in the books already changes nothing. */
  async pushInternalJob(envelope: Envelope): Promise<string> {
    if (typeof envelope !== 'object' || envelope === null) {
      throw new WingmanError('WINGMAN_JOB_MISSING', `an envelope is needed; received ${shown(envelope)}`);
    }
    if (!('TypeName' in envelope)) return this.#push(await wrap(envelope, envelope.id, this.backend.maxPayload));
    const { ID, TypeName, Job, Queue } = envelope;
    const job = { type: TypeName, payload: Job, ...(Queue !== undefined && { queue: Queue }) };
    return this.#push(await wrap(job, ID, this.backend.maxPayload));
  }

  async #push(job: NewJob): Promise<string> {
    const { results } = await this.#caller.call((call) => this.backend.enqueue(call, [job]));
    const [result] = results;
    if (typeof result !== 'object' || result.outcome === 'replaced') return job.id;
    if (result.outcome !== 'rejected') return result.id;
    throw new JobConflictError(`job ${job.id} is not enqueued`, job.type, result.id);
  }

  /**
   * Takes the next job; blocks until there is one. One whose deadline has passed is failed instead.
   * @throws CanceledError when `blockingTimeout` passed, the signal aborted (within 1 s), or the backend was closed
   */
  async popJob(queue: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<PoppedJob> {
    const end = this.#clock.monotonic() + this.#blockingTimeout;
    try {
      return await withAnyOf([signal, this.#closing.signal], (aborted) => this.#popUntil(end, queue, aborted));
    } catch (error) {
      // Whatever a close interrupts fails in its own way; to the caller it is one and the same.
      if (this.#closing.signal.aborted) throw this.#canceled(queue);
      throw error;
    }
  }

  async #popUntil(end: number, queue: string, aborted: AbortSignal): Promise<PoppedJob> {
    for (;;) {
      if (aborted.aborted) throw this.#canceled(queue);
      await this.#sweep();
      const { job, mayHaveMore } = await this.#tryPop(queue);
      if (job !== null) return job;
      if (mayHaveMore) continue;
      const left = end - this.#clock.monotonic();
      if (left <= 0) {
        throw new CanceledError('timeout', `no job came up in queue '${queue}' within ${this.#blockingTimeout} ms`);
      }
      await this.backend.wait([queue], { timeout: Math.min(left, POLL_INTERVAL), signal: aborted });
    }
  }

  async #tryPop(queue: string): Promise<{ job: PoppedJob | null; mayHaveMore: boolean }> {
    const worker = await this.#register();
    const claim = { queues: [queue], count: 1, locks: 'later' } as const;
    const reply = await this.#caller.call((call) => this.backend.exchange(call, { worker, settlements: [], claim }));
    if (reply.lost && this.#worker === worker) this.#lose();
    const [claimed] = reply.claimed;
    if (claimed === undefined) return { job: null, mayHaveMore: reply.lost || reply.more };
    this.#claims.set(claimed.id, claimed);
    this.#beat();
    const deadline = deadlineOf(claimed);
    if (deadline !== null && deadline <= reply.now) {
      await this.#settle(claimed, { kind: 'failed', failure: missed(deadline, 'before it ran') });
      return { job: null, mayHaveMore: true };
    }
    try {
      return { job: popped(claimed), mayHaveMore: true };
    } catch (damaged) {
      await this.#settle(claimed, { kind: 'dead', reason: messageOf(damaged) });
      return { job: null, mayHaveMore: true };
    }
  }

  /**
   * Takes all locks of a popped job, or leaves it among the held jobs. Sets `job.lockId` to what it returns.
   * @returns `LOCK_NOT_REQUIRED`, `JOB_HELD`, or a lock id of 1 or more
   * @throws CouldNotLockError when the backend could do neither; StaleError when the job is no longer this process's
   */
  async lockJob(job: PoppedJob): Promise<LockId> {
    const claim = await this.#claimOf(job);
    const reply = await this.#caller
      .call((call) => this.backend.lock(call, claim))
      .catch((cause: unknown) => {
        throw new CouldNotLockError(job.id, cause);
      });
    switch (reply.state) {
      case 'stale':
        this.#claims.delete(job.id);
        throw new StaleError(job.id, job.token);
      case 'held':
        this.#claims.delete(job.id);
        job.lockId = JOB_HELD;
        break;
      case 'none':
        job.lockId = LOCK_NOT_REQUIRED;
        break;
      case 'locked':
        // The claim's number is the lock's: no other claim ever has it.
        job.lockId = Number(job.token);
    }
    return job.lockId;
  }

  /**
   * Confirms that the job is being processed by this process. The mark itself was set by the pop, in the same step, so that
   * no job is ever without an owner.
   * @throws StaleError when it is no longer this process's
   */
  async processJob(job: PoppedJob): Promise<void> {
    const view = await this.backend.find(job.id);
    if (view?.owner?.token !== job.token) throw new StaleError(job.id, job.token);
  }

  /** Frees what this job holds, and only that: the job that has waited longest for it moves to the front of its queue. */
  async releaseJob(job: PoppedJob): Promise<void> {
    const claim = this.#claims.get(job.id) ?? (await this.#find(job.id));
    if (claim === undefined || claim.token !== job.token) return;
    await this.#caller.call((call) => this.backend.unlock(call, claim));
  }

  /**
   * The job is done: its processing mark and what it still holds go. The counter is left to `incSuccessfulJobs`. An id that
   * is not in processing changes nothing.
   * @throws StaleError when this process popped it and no longer owns it
   */
  async clearJob(id: string): Promise<void> {
    const claim = this.#claims.get(id) ?? (await this.#find(id));
    if (claim !== undefined) await this.#settle(claim, { kind: 'completed', counted: false });
  }

  /**
   * The processing mark goes, and the job is kept as failed, with the error if one is given. The counter is left to
   * `incFailedJobs`.
   * @throws StaleError when the job is no longer this process's
   */
  async failJob(job: PoppedJob, error: unknown = new Error('failed by its worker')): Promise<void> {
    await this.#settle(await this.#claimOf(job), { kind: 'failed', counted: false, failure: toFailure(error) });
  }

  /** The next job of a queue or null. Never blocks, never removes. */
  async peek(queue: string): Promise<PeekedJob | null> {
    const job = await this.backend.peek(queue);
    if (job === null) return null;
    const { id, type, payload, attempts } = job;
    return { id, type, queue, payload: decodePayload(payload, id), attempt: attempts + 1 };
  }

  /** How many jobs wait in a queue. */
  async size(queue: string): Promise<number> {
    return this.backend.size(queue);
  }

  /** How many jobs were successful since the beginning, over all managers. */
  async successfulJobs(): Promise<number> {
    return (await this.backend.stats()).counters.successful;
  }

  async incSuccessfulJobs(): Promise<void> {
    await this.#caller.call((call) => this.backend.increment(call, 'successful', 1));
  }

  /** How many jobs failed since the beginning, over all managers. */
  async failedJobs(): Promise<number> {
    return (await this.backend.stats()).counters.failed;
  }

  async incFailedJobs(): Promise<void> {
    await this.#caller.call((call) => this.backend.increment(call, 'failed', 1));
  }

  /** Hands back what is still owned, and frees every resource. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    // A store that is out of reach must not keep a process from ending: the lease takes care of what it owned.
    const settled = new AbortController();
    const handedBack = this.#handBack().finally(() => settled.abort());
    await Promise.race([handedBack, this.#clock.sleep(1_000, settled.signal)]);
    await this.backend.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #handBack(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    const settlements = [...this.#claims.values()].map((job) => ({ job, outcome: { kind: 'released' } as const }));
    this.#claims.clear();
    try {
      if (settlements.length > 0)
        await this.#caller.call((call) => this.backend.exchange(call, { worker, settlements }));
      await this.backend.retire(worker);
    } catch {
      // As above: the lease will end.
    }
  }

  async #settle(job: ClaimedJob, outcome: Outcome): Promise<void> {
    const request = { worker: job.worker, settlements: [{ job, outcome }] };
    const { settled } = await this.#caller.call((call) => this.backend.exchange(call, request));
    this.#claims.delete(job.id);
    if (settled[0] === 'stale') throw new StaleError(job.id, job.token);
  }

  /** The claim that a popped job stands for, made by this process or by another. */
  async #claimOf(job: PoppedJob): Promise<ClaimedJob> {
    const claim = this.#claims.get(job.id) ?? (await this.#find(job.id));
    if (claim === undefined || claim.token !== job.token) throw new StaleError(job.id, job.token);
    return claim;
  }

  async #find(id: string): Promise<ClaimedJob | undefined> {
    const view = await this.backend.find(id);
    return view?.owner === undefined ? undefined : { ...view.job, ...view.owner };
  }

  async #register(): Promise<string> {
    if (this.#worker !== null) return this.#worker;
    // Pops that start at the same time share one lease, since one is all that is kept alive.
    this.#registering ??= this.#registerAnew().finally(() => {
      this.#registering = null;
    });
    return this.#registering;
  }

  async #registerAnew(): Promise<string> {
    const worker = newName();
    await this.backend.register(worker, this.#lease);
    this.#worker = worker;
    return worker;
  }

  /** The lease is gone, and with it everything that was owned; the next pop starts another under a new name. */
  #lose(): void {
    this.#worker = null;
    this.#claims.clear();
  }

  /** Renews the lease for as long as something is owned. */
  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    while (this.#claims.size > 0 && (await this.#clock.sleep(this.#lease / 3, this.#closing.signal))) {
      const worker = this.#worker;
      if (worker === null) continue;
      const isAlive = await this.backend.renew(worker, this.#lease).catch(() => true);
      if (!isAlive && this.#worker === worker) this.#lose();
    }
    this.#isBeating = false;
  }

  /** Once a second at most: takes back what dead processes owned, and brings up what is due. */
  async #sweep(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#lastSweep < POLL_INTERVAL) return;
    this.#lastSweep = now;
    const { backend } = this;
    await sweep(() => backend.reclaim(SWEEP_BUDGET));
    await sweep(() => backend.promote(SWEEP_BUDGET));
    await sweep(() => backend.passGrants(SWEEP_BUDGET));
  }

  #canceled(queue: string): CanceledError {
    return this.#closing.signal.aborted
      ? new CanceledError('closed', `the wait for a job of queue '${queue}' ended: the backend was closed`)
      : new CanceledError('aborted', `the wait for a job of queue '${queue}' was aborted`);
  }
}

function popped(claimed: ClaimedJob): PoppedJob {
  const { id, type, queue, payload, attempts, token } = claimed;
  return { id, type, queue, payload: decodePayload(payload, id), attempt: attempts + 1, token };
}

async function sweep(step: () => Promise<SweepReply>): Promise<void> {
  for (let steps = 0; steps < MOST_SWEEPS; steps += 1) {
    if (!(await step()).more) return;
  }
}

import type { Backend, ExchangeReply, ExchangeRequest, Settlement, Takes } from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import type { ClaimedJob, Due } from '../core/envelope.ts';
import { CanceledError } from '../core/errors.ts';
import type { StoredLock } from '../core/lock.ts';
import { MOST_CRASHES, type Outcome } from '../core/outcome.ts';
import { newName } from '../runtime/identity.ts';
import { LazyAbortController } from '../runtime/lazy-abort.ts';
import { persist } from '../runtime/persist.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Gate } from './gate.ts';
import { Listener } from './listener.ts';

export interface DispatcherOptions {
  readonly backend: Backend;
  /** The order in which the next claim looks at the queues. */
  readonly queueOrder: () => readonly string[];
  readonly concurrency: number;
  /** Told to those who ask why a job waits. */
  readonly takes: Takes;
  /** Milliseconds. */
  readonly lease: number;
  /** Milliseconds. */
  readonly pollInterval: number;
  /** Told when it has a lease under a new name. */
  readonly joined: () => void;
  /** Told when that lease has ended: what ran is dropped. */
  readonly lost: (worker: string, jobs: readonly ClaimedJob[]) => void;
  /** Told of a result that the backend refused: the run no longer owned its job. */
  readonly stale: (settlement: Settlement) => void;
  /**
   * Runs a job that was claimed at this time, by the backend's clock, and tells once how it ended, maybe before it returns: null
   * where there is nothing to settle. Never throws.
   */
  readonly execute: (
    job: ClaimedJob,
    controller: LazyAbortController,
    now: number,
    told: (outcome: Outcome | null) => void,
  ) => void;
}

interface Run {
  readonly job: ClaimedJob;
  readonly controller: LazyAbortController;
  /** Its result is of no use any more. */
  isDropped: boolean;
}

// One exchange is one step of the backend, which must stay short.
const MOST_SETTLEMENTS = 200;
const MOST_CLAIMS = 200;
/** With fewer slots, two exchanges cost more than they save. */
const LEAST_OVERLAP = 16;
/** Of results, in characters; a single one may be longer. */
const MOST_RESULT = 4_194_304;

/**
 * The pump between the backend and the processors: an exchange settles what has ended and claims for the slots that are free. Mostly
 * there is one at a time; where the queues are full, and the store works beside this process, there are two, each for half of the
 * slots, so that neither waits for the other.
 *
 * States: joined (it has a worker's name and lease) or not; open (it claims) or draining. It is done when it drains, nothing
 * runs, and nothing is left to settle.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #surroundings: Surroundings;
  readonly #caller = new Caller(newName());
  readonly #listener: Listener;
  /** Not by token: where a store has lost its newest writes and its clock is behind, one may be given out twice. */
  readonly #runs = new Set<Run>();
  readonly #change = new Gate();
  readonly #draining = new AbortController();
  readonly #givingUp = new AbortController();
  #settlements: Settlement[] = [];
  #worker: string | null = null;
  /** The worker owns jobs by the books that it does not know of. */
  #hasStrays = false;
  /** Nothing was asked of the store for as long as a lease. */
  #isOverdue = false;
  /** The exchanges whose replies are yet to come. */
  readonly #underway = new Set<ExchangeRequest>();
  /** Why no exchange can be made any more. */
  #failure: { readonly error: unknown } | null = null;
  /** The newest claim got all that it asked for: there is more. */
  #isBusy = false;
  /** When the store last told how many jobs the worker owns with no other exchange under way, by the monotonic clock. */
  #comparedOn = 0;
  #idle: (() => void)[] = [];

  constructor(options: DispatcherOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    const { backend, pollInterval } = options;
    this.#listener = new Listener({ backend, pollInterval, heard: () => this.#change.open() }, surroundings);
  }

  /** The name under which it claims, or null when it has no lease. */
  get worker(): string | null {
    return this.#worker;
  }

  /** What is running. */
  get processing(): readonly ClaimedJob[] {
    return [...this.#runs].map(({ job }) => job);
  }

  /** Starts a lease under a name that is new, since names are never used twice. Rejects when the backend does. */
  async join(): Promise<void> {
    const worker = newName();
    await this.#options.backend.register(worker, this.#options.lease, this.#options.takes);
    this.#worker = worker;
    this.#options.joined();
  }

  /**
   * Claims, runs and settles until it is drained.
   * @throws when the backend was closed under it, or after `giveUp`
   */
  async run(): Promise<void> {
    try {
      while (!this.#isDone()) {
        await this.#rejoin();
        if (this.#hasStrays && this.#underway.size === 0) await this.#relinquish();
        const request = this.#nextRequest();
        if (request === null) await this.#pause();
        else void this.#exchange(request);
      }
    } finally {
      await this.#listener.stop();
    }
  }

  /** Claims no more. */
  drain(): void {
    this.#draining.abort(new CanceledError('aborted', 'the manager is stopping'));
    this.#listener.pause();
    this.#change.open();
  }

  /**
   * Aborts the signals of all that runs. Settles when nothing runs any more: within the processors' reaction time, once it drains.
   */
  async abort(reason: Error): Promise<void> {
    for (const { controller } of [...this.#runs]) controller.abort(reason);
    if (this.#runs.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Somebody wants this run cancelled: its signal aborts, and it ends as cancelled unless it completes, or fails for good. */
  cancel(token: string): void {
    for (const { job, controller } of this.#runs) {
      if (job.token !== token) continue;
      controller.abort(new CanceledError('cancelled', `job ${job.id} was cancelled`));
    }
  }

  /** Hands back all that runs at once, without waiting for it. Returns what it hands back. */
  handBack(reason: Error): readonly ClaimedJob[] {
    const jobs = this.processing;
    for (const run of this.#runs) {
      if (!run.isDropped) this.#settlements.push({ job: run.job, outcome: { kind: 'released' } });
    }
    this.#drop(reason);
    this.#runs.clear();
    this.#tellIdle();
    this.#change.open();
    return jobs;
  }

  /** Stops trying to reach the backend: what it still owns is left to the end of its lease. */
  giveUp(): void {
    this.#givingUp.abort(new CanceledError('aborted', 'the manager gave up waiting for its backend'));
    this.#change.open();
  }

  /** The worker's lease has ended: what it owned is someone else's now. Goes on under a new name. */
  lose(worker: string): void {
    if (worker !== this.#worker) return;
    const jobs = this.processing;
    this.#surroundings.logger.warn(
      { worker, jobs: jobs.map(({ id, type }) => ({ id, type })) },
      'the lease was lost: what is running is dropped and runs again elsewhere',
    );
    this.#worker = null;
    this.#settlements = [];
    this.#drop(new CanceledError('aborted', `the lease of worker ${worker} was lost`));
    this.#options.lost(worker, jobs);
    this.#change.open();
  }

  #drop(reason: Error): void {
    for (const run of this.#runs) {
      run.isDropped = true;
      run.controller.abort(reason);
    }
  }

  #isDone(): boolean {
    this.#givingUp.signal.throwIfAborted();
    if (this.#failure !== null) throw this.#failure.error;
    const isQuiet = this.#runs.size === 0 && this.#settlements.length === 0 && this.#underway.size === 0;
    return this.#draining.signal.aborted && isQuiet;
  }

  async #rejoin(): Promise<void> {
    if (this.#worker !== null || this.#draining.signal.aborted) return;
    try {
      await persist(() => this.join(), 'registering the worker', this.#surroundings, this.#draining.signal);
    } catch (error) {
      if (!this.#draining.signal.aborted) throw error;
      return;
    }
    this.#surroundings.logger.info({ worker: this.#worker }, 'registered under a new name');
  }

  /** Waits for a change, and then for all else that ends in the same turn of the event loop, to settle it in one batch. */
  async #pause(): Promise<void> {
    const { clock } = this.#surroundings;
    // One that is busy for long hears from the store now and then, and learns whether it still agrees.
    const stop = clock.after(this.#options.lease, () => {
      this.#isOverdue = true;
      this.#change.open();
    });
    await this.#change.passed();
    stop();
    if (this.#runs.size > 0) await clock.turn();
  }

  /** Null when there is nothing to do now. */
  #nextRequest(): ExchangeRequest | null {
    const worker = this.#worker;
    if (worker === null || !this.#mayExchange()) return null;
    const most = this.#share();
    const size = this.#batchSize(most);
    const count = Math.min(most, this.#freeSlots(size));
    const hasWork = this.#settlements.length > 0 || (count > 0 && !this.#listener.isListening);
    if (!hasWork && !this.#isOverdue) return null;
    // A second exchange costs as much as the first, and is for as many jobs or is not worth it.
    if (this.#underway.size > 0 && Math.max(size, count) < most / 2) return null;
    this.#isOverdue = false;
    const settlements = this.#settlements.splice(0, size);
    if (count === 0 || !hasWork) return { worker, settlements };
    return { worker, settlements, claim: { queues: this.#options.queueOrder(), count, locks: 'take' } };
  }

  /** Now and then an exchange is made alone: only then can what the store says that the worker owns be compared with what it knows. */
  #mayExchange(): boolean {
    if (this.#underway.size === 0) return true;
    if (!this.#isOverlapping || this.#underway.size > 1 || this.#hasStrays) return false;
    return this.#surroundings.clock.monotonic() - this.#comparedOn < this.#options.lease;
  }

  get #isOverlapping(): boolean {
    const { backend, concurrency } = this.#options;
    return this.#isBusy && backend.overlaps && concurrency >= LEAST_OVERLAP && !this.#draining.signal.aborted;
  }

  /** How many jobs an exchange is for, at most. */
  #share(): number {
    const most = Math.max(MOST_SETTLEMENTS, MOST_CLAIMS);
    return this.#isOverlapping ? Math.min(most, Math.ceil(this.#options.concurrency / 2)) : most;
  }

  /** How many of the settlements the next exchange takes. */
  #batchSize(most: number): number {
    let size = 0;
    let characters = 0;
    for (const { outcome } of this.#settlements) {
      characters += outcome.kind === 'completed' ? (outcome.result?.length ?? 0) : 0;
      if (size === most || (size > 0 && characters > MOST_RESULT)) break;
      size += 1;
    }
    return size;
  }

  /** @param settling how many settlements go with the claim */
  #freeSlots(settling: number): number {
    if (this.#draining.signal.aborted || this.#runsSuspect()) return 0;
    // What is left for the next batch still takes its slot: a backend that is slow to settle must not be claimed from faster.
    let taken = this.#runs.size + this.#settlements.length - settling;
    for (const { claim } of this.#underway) taken += claim?.count ?? 0;
    return Math.max(0, this.#options.concurrency - taken);
  }

  /**
   * One round trip. During an outage the same call is repeated under the same id, so nothing is lost or done twice. Never rejects:
   * what ends it ends the run.
   */
  async #exchange(request: ExchangeRequest): Promise<void> {
    const { backend } = this.#options;
    const isAlone = this.#underway.size === 0;
    this.#underway.add(request);
    try {
      const reply = await this.#caller.call((call) =>
        persist(() => backend.exchange(call, request), 'the exchange', this.#surroundings, this.#givingUp.signal),
      );
      this.#underway.delete(request);
      this.#receive(request, reply, isAlone && this.#underway.size === 0);
    } catch (error) {
      this.#underway.delete(request);
      this.#failure ??= { error };
    }
    this.#change.open();
  }

  /** @param isAlone no other exchange was under way meanwhile */
  #receive(request: ExchangeRequest, reply: ExchangeReply, isAlone: boolean): void {
    this.#tellStale(request, reply);
    if (reply.lost) this.lose(request.worker);
    // A claim that was answered after its lease was lost belongs to the lost worker.
    if (request.worker !== this.#worker) return;
    for (const job of reply.claimed) this.#take(job, reply.now);
    if (isAlone) {
      // Before any of what was claimed can have been settled.
      this.#hasStrays = reply.owned > this.#runs.size + this.#settlements.length;
      this.#comparedOn = this.#surroundings.clock.monotonic();
    }
    this.#listen(request, reply);
  }

  /**
   * The books have more of this worker's than it knows of: the store has lost its newest writes, and with them that something
   * was settled. Left alone, those jobs would be nobody's, and their places taken, for as long as the worker lives.
   */
  async #relinquish(): Promise<void> {
    const worker = this.#worker;
    this.#hasStrays = false;
    if (worker === null) return;
    const known = [...this.#runs, ...this.#settlements].map(({ job }) => job.token);
    const { moves } = await this.#caller.call((call) =>
      persist(
        () => this.#options.backend.relinquish(call, worker, known),
        'handing back strays',
        this.#surroundings,
        this.#givingUp.signal,
      ),
    );
    const jobs = moves.filter(({ event }) => event === 'reclaimed').map(({ id }) => id);
    if (jobs.length === 0) return;
    const message =
      'the store has forgotten that these jobs were settled, and they run again: it has lost its newest writes';
    this.#surroundings.logger.warn({ worker, jobs }, message);
  }

  #tellStale({ settlements }: ExchangeRequest, { settled }: ExchangeReply): void {
    settlements.forEach((settlement, index) => {
      if (settled[index] !== 'stale') return;
      const { id, type, queue, token } = settlement.job;
      const fields = { job: id, type, queue, token, outcome: settlement.outcome.kind };
      this.#surroundings.logger.warn(fields, 'the result was refused: the job is no longer owned by this run');
      this.#options.stale(settlement);
    });
  }

  #take(job: ClaimedJob, now: number): void {
    if (this.#draining.signal.aborted || (isSuspect(job) && this.#runsSuspect())) {
      // Claimed by a call that was on its way when the manager was told to stop; or by the side of another suspect.
      this.#settlements.push({ job, outcome: { kind: 'released', untried: true } });
      return;
    }
    const run: Run = { job, controller: new LazyAbortController(), isDropped: false };
    this.#runs.add(run);
    this.#options.execute(job, run.controller, now, (outcome) => {
      this.#runs.delete(run);
      if (outcome !== null && !run.isDropped) this.#settlements.push({ job, outcome });
      this.#tellIdle();
      this.#change.open();
    });
  }

  #tellIdle(): void {
    if (this.#runs.size > 0 || this.#idle.length === 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }

  /**
   * A job whose process vanished so often that the next time is the last: it may be what ends them. One such job runs at a
   * time and nothing more is claimed beside it, so that it is quarantined alone, and not with all that ran with it before.
   */
  #runsSuspect(): boolean {
    for (const { job } of this.#runs) if (isSuspect(job)) return true;
    return false;
  }

  /** A claim that came short has emptied the queues: then the backend says when there is more. */
  #listen({ claim }: ExchangeRequest, { claimed, more }: ExchangeReply): void {
    if (claim === undefined || this.#draining.signal.aborted) return;
    this.#isBusy = claimed.length === claim.count;
    if (claimed.length < claim.count && !more) this.#listener.listen(claim.queues);
    // Someone with a free slot should be woken instead.
    else if (this.#runs.size >= this.#options.concurrency) this.#listener.pause();
  }

  /** Takes the locks of a job that another program enqueued without them. */
  async takeLocks(job: ClaimedJob, locks: readonly StoredLock[], signal: AbortSignal): Promise<boolean> {
    const { backend } = this.#options;
    const reply = await this.#caller.call((call) =>
      persist(() => backend.lock(call, job, locks), 'taking locks', this.#surroundings, signal),
    );
    return reply.state === 'locked' || reply.state === 'none';
  }

  /** Lets a rate key rest, for all managers. */
  async pauseRate(key: string, until: Due, signal: AbortSignal): Promise<void> {
    const { controls } = this.#options.backend;
    await this.#caller.call((call) =>
      persist(() => controls.pauseRate(call, key, until), 'pausing a rate', this.#surroundings, signal),
    );
  }
}

function isSuspect({ crashes }: ClaimedJob): boolean {
  return crashes >= MOST_CRASHES - 1;
}

import type { Backend, ExchangeReply, ExchangeRequest, Settlement, Takes } from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import type { ClaimedJob } from '../core/envelope.ts';
import { CanceledError } from '../core/errors.ts';
import { MOST_CRASHES, type Outcome } from '../core/outcome.ts';
import { newName } from '../runtime/identity.ts';
import { LazyAbortController } from '../runtime/lazy-abort.ts';
import { persist } from '../runtime/persist.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Gate } from './gate.ts';
import { Listener } from './listener.ts';
import { batchSize, Pipeline } from './pipeline.ts';

export interface DispatcherOptions {
  readonly backend: Backend;
  /** The order in which the next claim looks at the queues. */
  readonly queueOrder: () => readonly string[];
  readonly concurrency: number;
  /** Told to those who ask why a job waits. */
  readonly takes: Takes;
  /** Milliseconds. */
  readonly lease: number;
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

/**
 * The pump between the backend and the processors: an exchange settles what has ended and claims for the slots that are free.
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
  /** A check-in has told of more jobs of this worker than are known here. */
  #isInDoubt = false;
  /** There may be work that came after the newest claim had been sent. */
  #hasHeard = false;
  readonly #pipeline: Pipeline;
  /** Why no exchange can be made any more. */
  #failure: { readonly error: unknown } | null = null;
  /** Settles when the outage is over that an exchange rides out; null while there is none. */
  #outage: Promise<void> | null = null;
  #idle: (() => void)[] = [];

  constructor(options: DispatcherOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    const { backend, concurrency, lease } = options;
    const { overlaps } = backend;
    this.#pipeline = new Pipeline({ concurrency, overlaps, mostOverlap: lease }, surroundings.clock);
    this.#listener = new Listener({ backend, heard: () => this.#heard() }, surroundings);
  }

  /** The name under which it claims, or null when it has no lease. */
  get worker(): string | null {
    return this.#worker;
  }

  /** What is running. */
  get processing(): readonly ClaimedJob[] {
    return [...this.#runs].map(({ job }) => job);
  }

  /** From which queues it would claim now. */
  get awaited(): readonly string[] {
    return this.#listener.awaited;
  }

  /** A check-in said so. Where the worker owns more than is known here, and nothing is under way, an exchange tells for sure. */
  hear(hasWork: boolean, owned: number): void {
    if (hasWork) this.#listener.hear();
    if (!this.#pipeline.isEmpty || owned <= this.#runs.size + this.#settlements.length) return;
    this.#isInDoubt = true;
    this.#change.open();
  }

  #heard(): void {
    this.#hasHeard = true;
    this.#change.open();
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
        if (this.#worker === null) await this.#rejoin();
        if (this.#hasStrays && this.#pipeline.isEmpty) await this.#relinquish();
        const request = this.#nextRequest();
        if (request === null) await this.#pause();
        else this.#exchange(request);
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
    const isQuiet = this.#runs.size === 0 && this.#settlements.length === 0 && this.#pipeline.isEmpty;
    return this.#draining.signal.aborted && isQuiet;
  }

  async #rejoin(): Promise<void> {
    if (this.#draining.signal.aborted) return;
    try {
      await persist(() => this.join(), 'registering the worker', this.#surroundings, this.#draining.signal);
    } catch (error) {
      if (!this.#draining.signal.aborted) throw error;
      return;
    }
    this.#surroundings.logger.info({ worker: this.#worker }, 'registered under a new name');
  }

  /**
   * Waits for a change, and then for all else that ends in the same turn of the event loop, to settle it in one batch. A store in this
   * process answers without one: the event loop must come round all the same.
   */
  async #pause(): Promise<void> {
    await this.#change.passed();
    if (this.#runs.size > 0 || !this.#options.backend.overlaps) await this.#surroundings.clock.turn();
  }

  /** Null when there is nothing to do now. */
  #nextRequest(): ExchangeRequest | null {
    const worker = this.#worker;
    if (worker === null) return null;
    const most = this.#pipeline.share;
    const size = batchSize(this.#settlements, most);
    const count = Math.min(most, this.#freeSlots(size));
    const hasWork = this.#settlements.length > 0 || (count > 0 && !this.#listener.isListening);
    if (!hasWork && !this.#isInDoubt) return null;
    // Those who are about to hand back strays, or to end, wait for all that is under way.
    const isOrderly = this.#hasStrays || this.#draining.signal.aborted;
    if (!this.#pipeline.mayBegin(isOrderly ? 0 : Math.max(size, count))) return null;
    this.#isInDoubt = false;
    const settlements = this.#settlements.splice(0, size);
    if (count === 0 || !hasWork) return { worker, settlements };
    this.#hasHeard = false;
    return { worker, settlements, claim: { queues: this.#options.queueOrder(), count, locks: 'take' } };
  }

  /** @param settling how many settlements go with the claim */
  #freeSlots(settling: number): number {
    if (this.#draining.signal.aborted || this.#runsSuspect()) return 0;
    // What is left for the next batch still takes its slot: a backend that is slow to settle must not be claimed from faster.
    const left = this.#settlements.length - settling;
    return Math.max(0, this.#options.concurrency - this.#runs.size - left - this.#pipeline.claims);
  }

  /**
   * One round trip. During an outage the same call is repeated under the same id, so nothing is lost or done twice. What ends
   * that ends the run.
   */
  #exchange(request: ExchangeRequest): void {
    const { backend } = this.#options;
    const call = this.#caller.open();
    const over = (): void => {
      this.#caller.close(call);
      this.#pipeline.end(request);
      this.#change.open();
    };
    const answered = (reply: ExchangeReply): void => {
      over();
      if (!this.#givingUp.signal.aborted) this.#receive(request, reply);
    };
    const failed = (error: unknown): void => {
      over();
      this.#failure ??= { error };
    };
    this.#pipeline.begin(request);
    const send = (): Promise<ExchangeReply> => backend.exchange(call, request);
    send().then(answered, (error: unknown) => this.#rideOut(send, error).then(answered, failed));
  }

  /** Repeats an exchange that has failed. Of two that meet the same outage the second waits for the first, which tells of it. */
  #rideOut(send: () => Promise<ExchangeReply>, error: unknown): Promise<ExchangeReply> {
    const ride = (send: () => Promise<ExchangeReply>): Promise<ExchangeReply> =>
      persist(send, 'the exchange', this.#surroundings, this.#givingUp.signal);
    let isFirst = true;
    const again = (): Promise<ExchangeReply> => {
      const failed = isFirst;
      isFirst = false;
      return failed ? Promise.reject(error) : send();
    };
    const outage = this.#outage === null ? ride(again) : this.#outage.then(() => ride(send));
    const over = outage.then(
      () => undefined,
      () => undefined,
    );
    this.#outage = over;
    void over.then(() => {
      if (this.#outage === over) this.#outage = null;
    });
    return outage;
  }

  #receive(request: ExchangeRequest, reply: ExchangeReply): void {
    const isAlone = this.#pipeline.answered(request, reply.claimed.length);
    this.#tellStale(request, reply);
    if (reply.lost) this.lose(request.worker);
    // A claim that was answered after its lease was lost belongs to the lost worker.
    if (request.worker !== this.#worker) return;
    for (const job of reply.claimed) this.#take(job, reply.now);
    if (isAlone) this.#hasStrays = reply.owned > this.#runs.size + this.#settlements.length;
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
    if (claimed.length < claim.count && !more) {
      // Heard since the claim was sent: it is not known whether the queues are still empty.
      if (!this.#hasHeard) this.#listener.listen(claim.queues);
      // Someone with a free slot should be woken instead.
    } else if (this.#runs.size >= this.#options.concurrency) this.#listener.pause();
  }
}

function isSuspect({ crashes }: ClaimedJob): boolean {
  return crashes >= MOST_CRASHES - 1;
}

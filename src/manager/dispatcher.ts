import {
  type Claim,
  EXCHANGE_BUDGET,
  type ExchangeReply,
  type ExchangeRequest,
  type Settlement,
} from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import type { ClaimedJob } from '../core/envelope.ts';
import { CanceledError } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { newName } from '../runtime/identity.ts';
import { persist } from '../runtime/persist.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import { Gate } from './gate.ts';
import { Listener } from './listener.ts';
import { Outage } from './outage.ts';
import { batchSize, Pipeline } from './pipeline.ts';
import { isSuspect, type Run, Runs } from './runs.ts';
import { relinquish } from './strays.ts';

/** Milliseconds. */
const REST = 2;

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
  readonly #runs = new Runs((run, outcome) => this.#ended(run, outcome));
  readonly #change = new Gate();
  readonly #draining = new AbortController();
  readonly #givingUp = new AbortController();
  #settlements: Settlement[] = [];
  #worker: string | null = null;
  /** The worker owns jobs by the books that it does not know of. */
  #hasStrays = false;
  /** A check-in has told of more jobs of this worker than are known here. */
  #isInDoubt = false;
  /** The queues were empty a moment ago, and something runs that may have ended in another. */
  #isResting = false;
  #hasRestTimer = false;
  readonly #pipeline: Pipeline;
  /** Those that are there and yet to be received, one in a turn: till then their exchanges count as under way. */
  readonly #replies: (() => void)[] = [];
  readonly #outage: Outage;
  /** Why no exchange can be made any more. */
  #failure: { readonly error: unknown } | null = null;

  constructor(options: DispatcherOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    const { backend, concurrency, lease } = options;
    const { overlaps } = backend;
    this.#pipeline = new Pipeline({ concurrency, overlaps, mostOverlap: lease }, surroundings.clock);
    this.#outage = new Outage('the exchange', surroundings, this.#givingUp.signal);
    this.#listener = new Listener(
      {
        backend,
        rideOut: (send, error) => this.#outage.rideOut(send, error),
        answered: (request, reply) => this.#heard(request, reply),
        failed: (error) => this.#fail(error),
      },
      surroundings.logger,
    );
  }

  /** The name under which it claims, or null when it has no lease. */
  get worker(): string | null {
    return this.#worker;
  }

  /** What is running. */
  get processing(): readonly ClaimedJob[] {
    return this.#runs.jobs;
  }

  /** From which queues it would claim now. */
  get awaited(): readonly string[] {
    return this.#listener.awaited;
  }

  /** A check-in said so. Where the worker owns more than is known here, and nothing is under way, an exchange tells for sure. */
  hear(hasWork: boolean, owned: number): void {
    if (hasWork && !this.#listener.wake()) this.#isResting = false;
    if (this.#pipeline.isEmpty && owned > this.#runs.size + this.#settlements.length) {
      this.#isInDoubt = true;
      this.#listener.wake();
    }
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
        if (this.#hasStrays && this.#isQuiet) await this.#relinquish();
        const request = this.#nextRequest();
        if (request !== null) {
          this.#exchange(request);
          continue;
        }
        this.#replies.shift()?.();
        // Waits for a change, and then for all else that ends in the same turn of the event loop, to settle it in one batch. A store in
        // this process answers without one: the event loop must come round all the same.
        await this.#change.passed();
        if (this.#runs.size > 0 || !this.#options.backend.overlaps) await this.#surroundings.clock.turn();
        this.#goOnResting();
      }
    } finally {
      this.#listener.forget();
    }
  }

  /** Claims no more. */
  drain(): void {
    this.#draining.abort(new CanceledError('aborted', 'the manager is stopping'));
    this.#listener.wake();
    this.#change.open();
  }

  /**
   * Aborts the signals of all that runs. Settles when nothing runs any more: within the processors' reaction time, once it drains.
   */
  abort(reason: Error): Promise<void> {
    return this.#runs.abort(reason);
  }

  /** Somebody wants this run cancelled: its signal aborts, and it ends as cancelled unless it completes, or fails for good. */
  cancel(token: string): void {
    this.#runs.cancel(token);
  }

  /** Hands back all that runs at once, without waiting for it. Returns what it hands back. */
  handBack(reason: Error): readonly ClaimedJob[] {
    const jobs = this.processing;
    for (const job of this.#runs.takeAll(reason)) this.#settlements.push({ job, outcome: { kind: 'released' } });
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
    this.#listener.forget();
    this.#runs.drop(new CanceledError('aborted', `the lease of worker ${worker} was lost`));
    this.#options.lost(worker, jobs);
    this.#change.open();
  }

  #isDone(): boolean {
    this.#givingUp.signal.throwIfAborted();
    if (this.#failure !== null) throw this.#failure.error;
    const isOver = this.#runs.size === 0 && this.#settlements.length === 0 && this.#isQuiet;
    return this.#draining.signal.aborted && isOver;
  }

  /** No call is under way that may claim or settle. */
  get #isQuiet(): boolean {
    return this.#pipeline.isEmpty && !this.#listener.isListening;
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

  /** Null: nothing to do now. */
  #nextRequest(): ExchangeRequest | null {
    const worker = this.#worker;
    if (worker === null) return null;
    const most = this.#pipeline.share;
    const size = batchSize(this.#settlements, most);
    const count = Math.min(most, this.#freeSlots(size));
    const hasWork = this.#settlements.length > 0 || (count > 0 && !this.#isResting && !this.#listener.isListening);
    if (!hasWork && !this.#isInDoubt) return null;
    // Those who are about to end, or to hand back strays, or to find out whether there are any, wait for all that is under way.
    const isUnsure = this.#hasStrays || this.#isInDoubt;
    const isOrderly = isUnsure || this.#draining.signal.aborted;
    // One that settles no more than fits into a step is as large as it may be.
    const jobs = size < this.#settlements.length ? most : Math.max(size, count);
    if (!this.#pipeline.mayBegin(isOrderly ? 0 : jobs)) return null;
    if (isUnsure && this.#listener.isListening) return null;
    this.#isInDoubt = false;
    const settlements = this.#settlements.splice(0, size);
    if (count === 0 || !hasWork) return { worker, settlements };
    const isLast = settlements.length > 0 && this.#settlements.length === 0 && this.#runs.size === 0;
    const claim = this.#claimOf(count);
    // Where it would mostly find nothing, the claim is left with the store beside the settling, and does not wait for its answer.
    const isParted = isLast && this.#pipeline.isCalm && this.#isQuiet && !isUnsure;
    return isParted ? { worker, settlements, awaited: claim.queues } : { worker, settlements, claim };
  }

  #claimOf(count: number): Claim {
    return { queues: this.#options.queueOrder(), count, locks: 'take' };
  }

  /** @param settling how many settlements go with the claim */
  #freeSlots(settling: number): number {
    if (this.#draining.signal.aborted || this.#runs.hasSuspect) return 0;
    // What is left for the next batch still takes its slot: a backend that is slow to settle must not be claimed from faster.
    const left = this.#settlements.length - settling;
    const claims = this.#pipeline.claims + this.#listener.claims;
    return Math.max(0, this.#options.concurrency - this.#runs.size - left - claims);
  }

  /**
   * One round trip. During an outage the same call is repeated under the same id, so nothing is lost or done twice. What ends
   * that ends the run.
   */
  #exchange(request: ExchangeRequest): void {
    const { backend, busyPoll } = this.#options;
    const call = this.#caller.open();
    // Where something runs, that is what the thread has to do.
    const polled = this.#pipeline.isBusy && this.#runs.size === 0 ? busyPoll?.begin() : undefined;
    const over = (): void => {
      polled?.();
      this.#caller.close(call);
      this.#pipeline.end(request);
      this.#change.open();
    };
    const receive = (reply: ExchangeReply): void => {
      over();
      if (!this.#givingUp.signal.aborted) this.#receive(request, reply);
    };
    // Two that come together would be followed by two that go together, and so on: the store would rest while this process works, and
    // the other way round. So what follows the first goes out before the second is looked at.
    const answered = (reply: ExchangeReply): void => {
      if (!this.#pipeline.isOverlapping) receive(reply);
      else {
        this.#replies.push(() => receive(reply));
        this.#change.open();
      }
    };
    const failed = (error: unknown): void => {
      over();
      this.#fail(error);
    };
    this.#pipeline.begin(request, this.#listener.isListening);
    const send = (): Promise<ExchangeReply> => backend.exchange(call, request);
    send().then(answered, (error: unknown) => this.#outage.rideOut(send, error).then(answered, failed));
    if (request.awaited !== undefined) this.#listenNow(request.worker);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#change.open();
  }

  #receive(request: ExchangeRequest, reply: ExchangeReply): void {
    const isAlone = this.#pipeline.answered(request, reply) && !this.#listener.isListening;
    this.#tellStale(request, reply);
    this.#receiveClaims(request, reply);
    if (request.worker !== this.#worker) return;
    // There are places left to grant, which a claim does.
    if (request.awaited !== undefined && reply.more) this.#listener.wake();
    if (isAlone) this.#hasStrays = reply.owned > this.#runs.size + this.#settlements.length;
    this.#listen(request, reply);
  }

  /** The listener's claim was made. */
  #heard(request: ExchangeRequest, reply: ExchangeReply): void {
    this.#change.open();
    if (this.#givingUp.signal.aborted) return;
    this.#pipeline.woken(request, reply);
    this.#receiveClaims(request, reply);
    this.#listen(request, reply);
  }

  #receiveClaims({ worker }: ExchangeRequest, { lost, claimed, now }: ExchangeReply): void {
    if (lost) this.lose(worker);
    // A claim that was answered after its lease was lost belongs to the lost worker.
    if (worker !== this.#worker) return;
    for (const job of claimed) this.#take(job, now);
  }

  /** Left alone, what the books have of this worker beyond what it knows would be nobody's for as long as it lives. */
  async #relinquish(): Promise<void> {
    const worker = this.#worker;
    this.#hasStrays = false;
    if (worker === null) return;
    const known = [...this.#runs.jobs, ...this.#settlements.map(({ job }) => job)].map(({ token }) => token);
    const { backend } = this.#options;
    await relinquish({ backend, caller: this.#caller, worker, known }, this.#surroundings, this.#givingUp.signal);
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
    if (this.#draining.signal.aborted || (isSuspect(job) && this.#runs.hasSuspect)) {
      // Claimed by a call that was on its way when the manager was told to stop; or by the side of another suspect.
      this.#settlements.push({ job, outcome: { kind: 'released', untried: true } });
      return;
    }
    this.#options.execute(this.#runs.begin(job), now);
  }

  #ended(run: Run, outcome: Outcome | null): void {
    if (outcome !== null && !run.isDropped) this.#settlements.push({ job: run.job, outcome });
    this.#runs.end(run);
    this.#change.open();
  }

  /** A claim that came short has emptied the queues: then the next is made when there is more. */
  #listen({ worker, claim }: ExchangeRequest, { claimed, more }: ExchangeReply): void {
    if (claim === undefined || worker !== this.#worker || this.#draining.signal.aborted) return;
    if (claimed.length === claim.count || more || this.#hasStrays || this.#isInDoubt) return;
    // Where it has ended already, the exchange that settles it leads on.
    if (this.#runs.size > 0) this.#isResting = true;
    else if (this.#settlements.length === 0) this.#listenNow(worker);
  }

  /**
   * What runs has mostly ended a moment later, and the exchange that settles it finds the queues empty again: to wait beside it would
   * take longer than all of that. Only what goes on is waited beside. A small job has ended by the end of the turn already: a timer would
   * wake the process for nothing, after each of them.
   */
  #goOnResting(): void {
    if (!this.#isResting || this.#hasRestTimer) return;
    if (this.#runs.size === 0) {
      this.#isResting = false;
      return;
    }
    this.#hasRestTimer = true;
    this.#surroundings.clock.after(REST, () => this.#endRest());
  }

  #endRest(): void {
    this.#hasRestTimer = false;
    if (!this.#isResting) return;
    this.#isResting = false;
    // What is under way leads on by its answer.
    if (!this.#isQuiet) return;
    // Else an exchange tells whether they are empty.
    const isOver = this.#runs.size === 0 || this.#draining.signal.aborted;
    if (this.#worker !== null && !isOver) this.#listenNow(this.#worker);
    this.#change.open();
  }

  #listenNow(worker: string): void {
    const isIdle = this.#runs.size === 0;
    if (!this.#listener.makeRoom(isIdle)) return;
    const claim = this.#claimOf(Math.min(EXCHANGE_BUDGET, this.#freeSlots(0)));
    if (claim.count > 0) this.#listener.listen({ worker, settlements: [], claim }, isIdle);
  }
}

import type { ClaimedJob, Due, NewJob } from '../core/envelope.ts';
import type { JobEvent } from '../core/events.ts';
import type { Keep } from '../core/keep.ts';
import type { StoredLock } from '../core/lock.ts';
import { readKey } from '../core/rate.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type {
  Acted,
  Backend,
  BulkBackend,
  BulkCancelReply,
  CancelReply,
  CheckedIn,
  CheckIn,
  ControlBackend,
  Counters,
  DeadLetter,
  EnqueueReply,
  ExchangeReply,
  ExchangeRequest,
  Finding,
  JobView,
  Listing,
  LockReply,
  Move,
  PromoteReply,
  Reopen,
  ResultStore,
  ScheduleStore,
  Settlement,
  Stats,
  SweepReply,
  UniqueKeys,
  UnlockReply,
  WaitOptions,
  Wake,
} from './backend.ts';
import type { Call } from './call.ts';
import { observedSchedules } from './observed-schedules.ts';

/**
 * Any backend, with an event for every transition that passes through it: the one place where transitions are counted. What
 * other processes do to a job is seen by them. A step whose reply never comes has no events.
 */
export class ObservedBackend implements Backend {
  readonly kind: string;
  readonly location: string;
  readonly maxPayload: number;
  readonly overlaps: boolean;
  readonly reopen: Reopen | null;
  readonly controls: ControlBackend;
  readonly schedules: ScheduleStore;
  readonly uniqueKeys: UniqueKeys;
  readonly bulk: BulkBackend;
  readonly results: ResultStore;
  readonly #backend: Backend;
  readonly #emit: (event: JobEvent) => void;
  readonly #isHeard: (event: JobEvent['event']) => boolean;
  readonly #clock: Clock;

  /**
   * @param emit called once for each transition, in their order; it must not throw
   * @param isHeard whether anybody listens to an event: those of the many that are claimed and complete are made only then
   */
  constructor(
    backend: Backend,
    emit: (event: JobEvent) => void,
    clock: Clock = systemClock,
    isHeard: (event: JobEvent['event']) => boolean = () => true,
  ) {
    this.kind = backend.kind;
    this.location = backend.location;
    this.maxPayload = backend.maxPayload;
    this.overlaps = backend.overlaps;
    this.reopen = backend.reopen;
    this.controls = backend.controls;
    this.schedules = observedSchedules(backend.schedules, (job, reply) => this.#emitEnqueued([job], reply));
    this.uniqueKeys = backend.uniqueKeys;
    this.results = backend.results;
    this.#backend = backend;
    this.#emit = emit;
    this.#isHeard = isHeard;
    this.#clock = clock;
    this.bulk = {
      browse: (filter, cursor, limit) => backend.bulk.browse(filter, cursor, limit),
      cancel: (call, ids) => this.#cancelAll(call, ids),
    };
  }

  async enqueue(call: Call, jobs: readonly NewJob[]): Promise<EnqueueReply> {
    const reply = await this.#backend.enqueue(call, jobs);
    this.#emitEnqueued(jobs, reply);
    return reply;
  }

  #emitEnqueued(jobs: readonly NewJob[], { results, moves }: EnqueueReply): void {
    jobs.forEach((job, index) => {
      const result = results[index];
      const { id, queue, type } = job;
      if (typeof result === 'object' && result.outcome === 'replaced') {
        // Keys are of one type.
        this.#emit({ event: 'cancelled', id: result.id, queue: result.queue, type });
      } else if (result !== 'enqueued') {
        return;
      }
      this.#emit({ event: isLater(job, this.#clock) ? 'scheduled' : 'enqueued', id, queue, type });
    });
    this.#emitMoves(moves);
  }

  exchange(call: Call, request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#backend.exchange(call, request).then((reply) => {
      this.#emitExchanged(request, reply);
      return reply;
    });
  }

  exchangeWhenWoken(call: Call, request: ExchangeRequest, options: WaitOptions): Promise<ExchangeReply> {
    return this.#backend.exchangeWhenWoken(call, request, options).then((reply) => {
      this.#emitExchanged(request, reply);
      return reply;
    });
  }

  #emitExchanged({ settlements }: ExchangeRequest, { settled, moves, claimed }: ExchangeReply): void {
    const hearsCompleted = this.#isHeard('completed');
    settlements.forEach((settlement, index) => {
      if (settlement.outcome.kind === 'completed' && !hearsCompleted) return;
      if (settled[index] === 'settled') this.#emit(fromSettlement(settlement));
      else if (settled[index] === 'cancelled') this.#emit({ event: 'cancelled', ...atWorker(settlement.job) });
    });
    this.#emitMoves(moves);
    if (!this.#isHeard('claimed')) return;
    for (const job of claimed) this.#emit({ event: 'claimed', ...atWorker(job) });
  }

  async lock(call: Call, job: ClaimedJob, locks?: readonly StoredLock[]): Promise<LockReply> {
    const reply = await this.#backend.lock(call, job, locks);
    this.#emitMoves(reply.moves);
    return reply;
  }

  async unlock(call: Call, job: ClaimedJob): Promise<UnlockReply> {
    const reply = await this.#backend.unlock(call, job);
    this.#emitMoves(reply.moves);
    return reply;
  }

  async reclaim(limit: number): Promise<SweepReply> {
    const reply = await this.#backend.reclaim(limit);
    this.#emitMoves(reply.moves);
    return reply;
  }

  async relinquish(call: Call, worker: string, known: readonly string[], limit: number): Promise<SweepReply> {
    const reply = await this.#backend.relinquish(call, worker, known, limit);
    this.#emitMoves(reply.moves);
    return reply;
  }

  async promote(limit: number): Promise<PromoteReply> {
    const reply = await this.#backend.promote(limit);
    this.#emitMoves(reply.moves);
    return reply;
  }

  async passGrants(limit: number): Promise<SweepReply> {
    const reply = await this.#backend.passGrants(limit);
    this.#emitMoves(reply.moves);
    return reply;
  }

  async unpark(types: readonly string[], limit: number): Promise<SweepReply> {
    const reply = await this.#backend.unpark(types, limit);
    this.#emitMoves(reply.moves);
    return reply;
  }

  async expire(failed: Keep, limit: number): Promise<SweepReply> {
    const reply = await this.#backend.expire(failed, limit);
    this.#emitMoves(reply.moves);
    return reply;
  }

  async cancel(call: Call, id: string): Promise<CancelReply> {
    // The reply names no queue, and afterwards the job is gone; neither its queue nor its type ever changes.
    const view = await this.#backend.find(id);
    const reply = await this.#backend.cancel(call, id);
    if (reply.result === 'cancelled' && view !== null) {
      const { queue, type } = view.job;
      this.#emit({ event: 'cancelled', id, queue, type });
    }
    this.#emitMoves(reply.moves);
    return reply;
  }

  async #cancelAll(call: Call, ids: readonly string[]): Promise<BulkCancelReply> {
    const views = await Promise.all(ids.map((id) => this.#backend.find(id)));
    const reply = await this.#backend.bulk.cancel(call, ids);
    // One may have been granted the place of another before its own turn to be cancelled came.
    this.#emitMoves(reply.moves);
    reply.results.forEach((result, index) => {
      const job = views[index]?.job;
      if (result !== 'cancelled' || job === undefined) return;
      this.#emit({ event: 'cancelled', id: job.id, queue: job.queue, type: job.type });
    });
    return reply;
  }

  retryFailed(call: Call, ids: readonly string[]): Promise<readonly Acted<'retried'>[]> {
    return this.#acted(ids, 'retried', () => this.#backend.retryFailed(call, ids));
  }

  discard(call: Call, ids: readonly string[]): Promise<readonly Acted<'discarded'>[]> {
    return this.#acted(ids, 'discarded', () => this.#backend.discard(call, ids));
  }

  async #acted<Done extends 'retried' | 'discarded'>(
    ids: readonly string[],
    done: Done,
    act: () => Promise<readonly Acted<Done>[]>,
  ): Promise<readonly Acted<Done>[]> {
    const views = await Promise.all(ids.map((id) => this.#backend.find(id)));
    const results = await act();
    results.forEach((result, index) => {
      const job = views[index]?.job;
      if (result === done && job !== undefined) this.#emit({ event: done, id: job.id, queue: job.queue });
    });
    return results;
  }

  checkIn(checkIn: CheckIn): Promise<CheckedIn> {
    return this.#backend.checkIn(checkIn);
  }

  resign(candidate: string): Promise<void> {
    return this.#backend.resign(candidate);
  }

  replicated(replicas: number, timeout: number): Promise<number> {
    return this.#backend.replicated(replicas, timeout);
  }

  diagnose(depth: 'full' | 'quick'): Promise<readonly Finding[]> {
    return this.#backend.diagnose(depth);
  }

  register(...args: Parameters<Backend['register']>): Promise<void> {
    return this.#backend.register(...args);
  }

  renew(worker: string, lease: number): Promise<boolean> {
    return this.#backend.renew(worker, lease);
  }

  retire(worker: string): Promise<void> {
    return this.#backend.retire(worker);
  }

  find(id: string): Promise<JobView | null> {
    return this.#backend.find(id);
  }

  peek(queue: string): ReturnType<Backend['peek']> {
    return this.#backend.peek(queue);
  }

  ahead(id: string, most: number): Promise<number | null> {
    return this.#backend.ahead(id, most);
  }

  size(queue: string): Promise<number> {
    return this.#backend.size(queue);
  }

  list(listing: Listing, offset: number, limit: number): Promise<readonly string[]> {
    return this.#backend.list(listing, offset, limit);
  }

  holders(key: string): ReturnType<Backend['holders']> {
    return this.#backend.holders(key);
  }

  deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]> {
    return this.#backend.deadLetters(offset, limit);
  }

  stats(): Promise<Stats> {
    return this.#backend.stats();
  }

  now(): Promise<number> {
    return this.#backend.now();
  }

  increment(call: Call, counter: keyof Counters, by: number): Promise<void> {
    return this.#backend.increment(call, counter, by);
  }

  wait(queues: readonly string[], options: WaitOptions): Promise<Wake> {
    return this.#backend.wait(queues, options);
  }

  waitForCall(...args: Parameters<Backend['waitForCall']>): Promise<Wake> {
    return this.#backend.waitForCall(...args);
  }

  close(): Promise<void> {
    return this.#backend.close();
  }

  #emitMoves(moves: readonly Move[]): void {
    for (const move of moves) {
      const event = fromMove(move);
      if (event !== null) this.#emit(event);
    }
  }
}

/** For an instant, by this process's clock: within the difference of the clocks the backend may have found otherwise. */
function isLater({ due }: NewJob, clock: Clock): boolean {
  if (due === undefined) return false;
  return 'in' in due ? due.in > 0 : due.at > clock.now();
}

function atWorker({ id, queue, type, worker, token, attempts }: ClaimedJob) {
  return { id, queue, type, worker, token, attempt: attempts + 1 };
}

function fromSettlement({ job, outcome }: Settlement): JobEvent {
  const subject = atWorker(job);
  switch (outcome.kind) {
    case 'completed':
    case 'released':
    case 'cancelled':
      return { event: outcome.kind, ...subject };
    case 'retry':
      return { event: 'retrying', ...subject, detail: outcome.failure.message, delay: outcome.delay };
    case 'failed':
      return { event: 'failed', ...subject, detail: outcome.failure.message };
    case 'snoozed':
      return { event: 'snoozed', ...subject, detail: describeDue(outcome.due) };
    case 'parked':
    case 'dead':
      return { event: outcome.kind, ...subject, detail: outcome.reason };
  }
}

function describeDue(due: Due): string {
  return 'in' in due ? `${due.in} ms` : new Date(due.at).toISOString();
}

/** Null for a transition that no step makes by itself. */
function fromMove({ event, id, queue, detail = '' }: Move): JobEvent | null {
  switch (event) {
    case 'promoted':
    case 'unparked':
    case 'expired':
      return { event, id, queue };
    case 'held':
    case 'granted':
      return { event, id, queue, detail: readKey(detail).name };
    case 'parked':
    case 'dead':
      return { event, id, queue, detail };
    case 'reclaimed':
    case 'quarantined':
    case 'cancelled':
      return { event, id, queue, worker: detail };
    default:
      return null;
  }
}

import {
  type Acted,
  type Backend,
  type Callee,
  type CancelReply,
  type CheckedIn,
  type CheckIn,
  type ControlBackend,
  type Counters,
  type DeadLetter,
  type EnqueueReply,
  type ExchangeReply,
  type ExchangeRequest,
  type Finding,
  type JobView,
  type Listing,
  type LockReply,
  type Move,
  PASS_BUDGET,
  type PromoteReply,
  type Stats,
  type SweepReply,
  type Takes,
  type UnlockReply,
  type WaitOptions,
  type Wake,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { ClaimedJob, NewJob, StoredJob } from '../../core/envelope.ts';
import type { Keep } from '../../core/keep.ts';
import type { StoredLock } from '../../core/lock.ts';
import { readKey } from '../../core/rate.ts';
import { type Books, type Entry, move } from './books.ts';
import { MemoryBulk } from './bulk.ts';
import { checkIn } from './checking-in.ts';
import { MemoryControls } from './controls.ts';
import { Desk, DUE, type MemorySettings, VACANT } from './desk.ts';
import { discard, expire, retryFailed } from './ending.ts';
import { enqueue } from './enqueueing.ts';
import { claimJobs, settle } from './exchange.ts';
import { grantAll, newBound, passGrant, requeue, resumed } from './granting.ts';
import { byDue, listed } from './listing.ts';
import { cancel, lock, unlock } from './locking.ts';
import { ahead, statsOf, viewOf } from './looking.ts';
import { MemoryResults } from './results.ts';
import { MemorySchedules } from './schedules.ts';
import { reclaim, relinquish } from './taking-back.ts';
import { MemoryUniqueKeys } from './uniqueness.ts';

/**
 * The reference model: the contract in the plainest code there is, in one process, lost with it. Every method does its work
 * in one synchronous stretch, which is what makes it atomic.
 */
export class MemoryBackend implements Backend {
  readonly kind = 'memory';
  readonly location = 'memory:';
  /** What is in this process's memory, no other thread can open. */
  readonly reopen = null;
  readonly maxPayload: number;
  readonly overlaps = false;
  readonly controls: ControlBackend;
  readonly results: MemoryResults;
  readonly schedules: MemorySchedules;
  readonly uniqueKeys: MemoryUniqueKeys;
  readonly bulk: MemoryBulk;
  readonly #desk: Desk;
  readonly #books: Books;

  constructor(settings: MemorySettings) {
    this.maxPayload = settings.maxPayload;
    this.#desk = new Desk(settings);
    this.#books = this.#desk.books;
    this.controls = new MemoryControls(this.#desk);
    this.results = new MemoryResults(this.#desk);
    this.schedules = new MemorySchedules(this.#desk);
    this.uniqueKeys = new MemoryUniqueKeys(this.#desk);
    this.bulk = new MemoryBulk(this.#desk);
  }

  async enqueue(call: Call, jobs: readonly NewJob[]): Promise<EnqueueReply> {
    return this.#desk.once(call, () => enqueue(this.#desk, jobs));
  }

  async exchange(call: Call, request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#desk.once(call, () => this.#exchange(request));
  }

  async exchangeWhenWoken(call: Call, request: ExchangeRequest, options: WaitOptions): Promise<ExchangeReply> {
    await this.wait(request.claim?.queues ?? [], options);
    return this.exchange(call, request);
  }

  #exchange({ worker, settlements, claim }: ExchangeRequest): ExchangeReply {
    const freed = resumed(this.#books);
    const released: Entry[] = [];
    const now = this.#desk.clock.now();
    const settled = settlements.map((settlement) => settle(this.#books, settlement, now, freed, released));
    released.sort((a, b) => Number(b.owner?.token) - Number(a.owner?.token));
    for (const entry of released) freed.push(...requeue(this.#books, entry));
    const moves = this.#desk.grant(freed);
    if (!this.#books.leases.has(worker))
      return { lost: true, settled, claimed: [], moves, more: false, owned: this.#books.ownedCount(worker), now };
    const claims =
      claim === undefined ? { claimed: [], moves: [], more: false } : claimJobs(this.#books, worker, claim);
    const regranted = this.#desk.grant([]);
    const more = claims.more || this.#books.ungranted.size > 0;
    const owned = this.#books.ownedCount(worker);
    return {
      lost: false,
      settled,
      claimed: claims.claimed,
      moves: [...moves, ...claims.moves, ...regranted],
      more,
      owned,
      now,
    };
  }

  async lock(call: Call, job: ClaimedJob, locks?: readonly StoredLock[]): Promise<LockReply> {
    return this.#desk.once(call, () => lock(this.#desk, job, locks));
  }

  async unlock(call: Call, job: ClaimedJob): Promise<UnlockReply> {
    return this.#desk.once(call, () => unlock(this.#desk, job));
  }

  async register(worker: string, lease: number, takes?: Takes): Promise<void> {
    this.#desk.open();
    if (takes !== undefined) this.#books.takes.set(worker, takes);
    this.#books.leases.set(worker, this.#desk.clock.now() + lease);
  }

  async renew(worker: string, lease: number): Promise<boolean> {
    this.#desk.open();
    if (!this.#books.leases.has(worker)) return false;
    this.#books.leases.set(worker, this.#desk.clock.now() + lease);
    return true;
  }

  async retire(worker: string): Promise<void> {
    this.#desk.open();
    if (!this.#books.leases.has(worker)) return;
    if (this.#books.owned(worker).length === 0) return this.#books.dismiss(worker);
    const now = this.#desk.clock.now();
    this.#books.leases.set(worker, now);
    this.#desk.isDue(now);
  }

  async relinquish(call: Call, worker: string, known: readonly string[], limit: number): Promise<SweepReply> {
    return this.#desk.once(call, () => {
      const { moves, freed, more } = relinquish(this.#books, worker, known, limit);
      return { moves: [...moves, ...this.#desk.grant(freed)], more };
    });
  }

  async reclaim(limit: number): Promise<SweepReply> {
    const now = this.#desk.open();
    const { moves, freed, left } = reclaim(this.#books, limit, now);
    return { moves: [...moves, ...this.#desk.grant(freed)], more: left === 0 };
  }

  async promote(limit: number): Promise<PromoteReply> {
    const now = this.#desk.open();
    const scheduled = byDue(this.#books);
    const due = scheduled.filter((entry) => (entry.due ?? 0) <= now).slice(0, limit);
    for (const entry of due) this.#books.toBack(entry);
    const timers = this.#timers();
    const ripe = timers.filter(([, at]) => at <= now).slice(0, limit);
    const moves = [...due.map((entry) => move('promoted', entry)), ...this.#ring(ripe.map(([key]) => key))];
    const next = this.#desk.nextDue();
    this.#desk.tellDue(this.schedules.dues());
    return {
      moves,
      more: due.length === limit || ripe.length === limit,
      next: Number.isFinite(next) ? Math.max(0, next - now) : null,
    };
  }

  /** The keys whose next place comes free by time, soonest first. */
  #timers(): [key: string, at: number][] {
    return [...this.#books.timers].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  }

  /** Grants the places of rates that have come free; of a queue's rate, wakes those who claim from it. */
  #ring(keys: readonly string[]): Move[] {
    for (const key of keys) {
      this.#books.timers.delete(key);
      const { kind, name } = readKey(key);
      if (kind === 'queue') this.#desk.claimers.wake(name);
    }
    return this.#desk.grant(keys);
  }

  async passGrants(limit: number): Promise<SweepReply> {
    const now = this.#desk.open();
    const ended = [...this.#books.grants]
      .filter(([, end]) => end <= now)
      .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
    const until = now + this.#desk.grantTimeout;
    const bound = newBound();
    const moves = grantAll(this.#books, resumed(this.#books), until, bound);
    let [looks, done] = [PASS_BUDGET, 0];
    for (const [id] of ended.slice(0, limit)) {
      if (looks <= 0) break;
      const passed = passGrant(this.#books, id, until, bound);
      moves.push(...passed.moves);
      looks -= passed.looks;
      done += 1;
    }
    return { moves, more: ended.length > done || this.#books.ungranted.size > 0 };
  }

  async unpark(types: readonly string[], limit: number): Promise<SweepReply> {
    this.#desk.open();
    const { pausedTypes } = this.#books.controls;
    const awake = types.filter((type) => !pausedTypes.has(type));
    const parked = awake.flatMap((type) => listed(this.#books, { state: 'parked', type }).reverse());
    const moves = parked.slice(0, limit).map((entry) => {
      this.#books.toFront(entry);
      return move('unparked', entry);
    });
    return { moves, more: parked.length > limit };
  }

  async checkIn(given: CheckIn): Promise<CheckedIn> {
    this.#desk.open();
    return checkIn(this.#desk, given, this.schedules.dues());
  }

  async resign(candidate: string): Promise<void> {
    this.#desk.open();
    if (this.#books.leader?.candidate !== candidate) return;
    this.#books.leader = undefined;
    this.#desk.call(VACANT);
  }

  async expire(failed: Keep, limit: number): Promise<SweepReply> {
    return expire(this.#books, failed, limit, this.#desk.open());
  }

  async find(id: string): Promise<JobView | null> {
    this.#desk.open();
    return viewOf(this.#books, id);
  }

  async peek(queue: string): Promise<StoredJob | null> {
    this.#desk.open();
    return this.#books.waitingIn(queue)[0]?.job ?? null;
  }

  async ahead(id: string, most: number): Promise<number | null> {
    this.#desk.open();
    return ahead(this.#books, id, most);
  }

  async size(queue: string): Promise<number> {
    this.#desk.open();
    return this.#books.waitingIn(queue).length;
  }

  async list(listing: Listing, offset: number, limit: number): Promise<readonly string[]> {
    this.#desk.open();
    return listed(this.#books, listing)
      .slice(offset, offset + limit)
      .map(({ job }) => job.id);
  }

  async holders(key: string): Promise<readonly { readonly id: string; readonly token: string | null }[]> {
    this.#desk.open();
    const holders = [...(this.#books.holders.get(key) ?? [])].map(([id, token]) => ({ id, token }));
    return holders.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]> {
    this.#desk.open();
    return this.#books.dead.slice(offset, offset + limit);
  }

  async stats(): Promise<Stats> {
    this.#desk.open();
    return statsOf(this.#books);
  }

  async now(): Promise<number> {
    return this.#desk.open();
  }

  async cancel(call: Call, id: string): Promise<CancelReply> {
    return this.#desk.once(call, () => cancel(this.#desk, id));
  }

  async retryFailed(call: Call, ids: readonly string[]): Promise<readonly Acted<'retried'>[]> {
    return this.#desk.once(call, () => ids.map((id) => retryFailed(this.#books, id, this.#desk.clock.now())));
  }

  async discard(call: Call, ids: readonly string[]): Promise<readonly Acted<'discarded'>[]> {
    return this.#desk.once(call, () => ids.map((id) => discard(this.#books, id)));
  }

  async increment(call: Call, counter: keyof Counters, by: number): Promise<void> {
    this.#desk.once(call, () => {
      this.#books[counter] += by;
    });
  }

  async waitForCall({ worker, leads }: Callee, options: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    this.#desk.open();
    return this.#desk.waitForCall([leads ? DUE : VACANT, ...(worker === null ? [] : [worker])], options);
  }

  async wait(queues: readonly string[], options: WaitOptions): Promise<Wake> {
    this.#desk.open();
    const isEmpty = queues.every((name) => this.#books.waitingIn(name).length === 0 || this.#books.isClosed(name));
    return isEmpty ? this.#desk.claimers.wait(queues, options) : 'woken';
  }

  async replicated(): Promise<number> {
    this.#desk.open();
    return 0;
  }

  async diagnose(): Promise<readonly Finding[]> {
    this.#desk.open();
    const means = 'every job is lost when this process ends; it is for tests and trials';
    const change = "use 'sqlite:jobs.db' or 'redis://…'";
    return [{ level: 'fail', topic: 'persistence', found: 'memory', means, change }];
  }

  async close(): Promise<void> {
    this.#desk.close();
  }
}

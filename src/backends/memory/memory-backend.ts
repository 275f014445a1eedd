import type {
  Acted,
  Backend,
  CancelReply,
  Counters,
  DeadLetter,
  ExchangeReply,
  ExchangeRequest,
  Finding,
  JobView,
  Listing,
  LockReply,
  Move,
  PromoteReply,
  Stats,
  SweepReply,
  UnlockReply,
  Wake,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { ClaimedJob, NewJob, StoredJob } from '../../core/envelope.ts';
import { WingmanError } from '../../core/errors.ts';
import type { Keep } from '../../core/keep.ts';
import type { Lock } from '../../core/lock.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Books, type Entry, move, remove } from './books.ts';
import { discard, expire, retryFailed } from './ending.ts';
import { claimJobs, instantOf, ownedEntry, settle } from './exchange.ts';
import { firstFull, grantAll, newBound, passGrant, requeue, resumed } from './granting.ts';
import { byDue, listed } from './listing.ts';
import { statsOf, viewOf } from './looking.ts';
import { isToCancel, reclaim, relinquish } from './taking-back.ts';
import { Waiters } from './waiters.ts';

export interface MemorySettings {
  readonly clock: Clock;
  readonly maxPayload: number;
  /** How long a grant is kept before it may pass to another queue, in milliseconds. */
  readonly grantTimeout: number;
}

/** What those wait for who promote. */
const DUE = 'due';

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
  readonly #clock: Clock;
  readonly #grantTimeout: number;
  readonly #books: Books;
  readonly #replies = new Map<string, Map<number, unknown>>();
  readonly #waiters: Waiters;
  /** Those who wait for a job that is due sooner. */
  readonly #dueWaiters: Waiters;
  /** By worker: those who wait for cancellations. */
  readonly #controls: Waiters;
  /** When the first of the scheduled jobs was due that the last promotion left. */
  #knownDue = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor({ clock, maxPayload, grantTimeout }: MemorySettings) {
    this.#clock = clock;
    this.maxPayload = maxPayload;
    this.#grantTimeout = grantTimeout;
    this.#controls = new Waiters(clock);
    const dueWaiters = new Waiters(clock);
    this.#dueWaiters = dueWaiters;
    const waiters = new Waiters(clock);
    this.#waiters = waiters;
    this.#books = new Books(
      (queue) => waiters.wake(queue),
      () => dueWaiters.wake(DUE),
    );
  }

  async enqueue(call: Call, jobs: readonly NewJob[]): Promise<readonly ('enqueued' | 'duplicate')[]> {
    return this.#once(call, () => jobs.map((job) => this.#enqueueOne(job)));
  }

  #enqueueOne({ due, ...job }: NewJob): 'enqueued' | 'duplicate' {
    const books = this.#books;
    if (books.jobs.has(job.id)) return 'duplicate';
    const now = this.#clock.now();
    const stored: StoredJob = { ...job, attempts: 0, crashes: 0, sequence: books.next(), enqueuedAt: now };
    const entry: Entry = { job: stored, state: 'waiting', failures: [] };
    books.jobs.set(job.id, entry);
    books.queue(job.queue);
    const at = due === undefined ? now : instantOf(due, now);
    if (at > now) {
      books.schedule(entry, at);
    } else {
      books.toBack(entry);
    }
    return 'enqueued';
  }

  async exchange(call: Call, request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#once(call, () => this.#exchange(request));
  }

  #exchange({ worker, settlements, claim }: ExchangeRequest): ExchangeReply {
    const freed = resumed(this.#books);
    const released: Entry[] = [];
    const now = this.#clock.now();
    const settled = settlements.map((settlement) => settle(this.#books, settlement, now, freed, released));
    released.sort((a, b) => Number(b.owner?.token) - Number(a.owner?.token));
    for (const entry of released) freed.push(...requeue(this.#books, entry));
    const moves = this.#grant(freed);
    if (!this.#books.leases.has(worker))
      return { lost: true, settled, claimed: [], moves, more: false, owned: this.#books.ownedCount(worker) };
    const claims =
      claim === undefined ? { claimed: [], moves: [], more: false } : claimJobs(this.#books, worker, claim);
    const more = claims.more || this.#books.ungranted.size > 0;
    const owned = this.#books.ownedCount(worker);
    return { lost: false, settled, claimed: claims.claimed, moves: [...moves, ...claims.moves], more, owned };
  }

  async lock(call: Call, job: ClaimedJob, locks?: readonly Lock[]): Promise<LockReply> {
    return this.#once(call, () => {
      const entry = ownedEntry(this.#books, job);
      if (entry === undefined) return { state: 'stale', moves: [] };
      if (locks !== undefined) entry.job = { ...entry.job, locks };
      if ((entry.job.locks ?? []).length === 0) return { state: 'none', moves: [] };
      const full = firstFull(this.#books, entry);
      if (full !== undefined) {
        const freed = this.#books.free(entry);
        if (isToCancel(entry)) {
          this.#books.jobs.delete(job.id);
          return { state: 'stale', moves: [move('cancelled', entry, job.worker), ...this.#grant(freed)] };
        }
        this.#books.hold(entry, full.key);
        return { state: 'held', moves: [move('held', entry, full.key), ...this.#grant(freed)] };
      }
      for (const { key } of entry.job.locks ?? []) this.#books.take(entry, key, job.token);
      return { state: 'locked', moves: [] };
    });
  }

  async unlock(call: Call, job: ClaimedJob): Promise<UnlockReply> {
    return this.#once(call, () => {
      const entry = ownedEntry(this.#books, job);
      const freed = entry === undefined ? [] : this.#books.free(entry);
      return { freed: freed.length, moves: this.#grant(freed) };
    });
  }

  async register(worker: string, lease: number): Promise<void> {
    this.#open();
    this.#books.leases.set(worker, this.#clock.now() + lease);
  }

  async renew(worker: string, lease: number): Promise<boolean> {
    this.#open();
    if (!this.#books.leases.has(worker)) return false;
    this.#books.leases.set(worker, this.#clock.now() + lease);
    return true;
  }

  async retire(worker: string): Promise<void> {
    this.#open();
    if (!this.#books.leases.has(worker)) return;
    if (this.#books.owned(worker).length === 0) this.#books.leases.delete(worker);
    else this.#books.leases.set(worker, this.#clock.now());
  }

  async relinquish(call: Call, worker: string, known: readonly string[]): Promise<SweepReply> {
    return this.#once(call, () => {
      const { moves, freed } = relinquish(this.#books, worker, known);
      return { moves: [...moves, ...this.#grant(freed)], more: false };
    });
  }

  async reclaim(limit: number): Promise<SweepReply> {
    const { moves, freed, left } = reclaim(this.#books, limit, this.#open());
    return { moves: [...moves, ...this.#grant(freed)], more: left === 0 };
  }

  async promote(limit: number): Promise<PromoteReply> {
    const now = this.#open();
    const scheduled = byDue(this.#books);
    const due = scheduled.filter((entry) => (entry.due ?? 0) <= now).slice(0, limit);
    for (const entry of due) this.#books.toBack(entry);
    const moves = due.map((entry) => move('promoted', entry));
    const nextDue = scheduled[due.length]?.due;
    this.#knownDue = nextDue ?? Number.POSITIVE_INFINITY;
    return { moves, more: due.length === limit, next: nextDue === undefined ? null : Math.max(0, nextDue - now) };
  }

  async passGrants(limit: number): Promise<SweepReply> {
    const now = this.#open();
    const ended = [...this.#books.grants]
      .filter(([, end]) => end <= now)
      .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
    const until = now + this.#grantTimeout;
    const bound = newBound();
    const moves = grantAll(this.#books, resumed(this.#books), until, bound);
    for (const [id] of ended.slice(0, limit)) moves.push(...passGrant(this.#books, id, until, bound));
    return { moves, more: ended.length > limit || this.#books.ungranted.size > 0 };
  }

  async unpark(types: readonly string[], limit: number): Promise<SweepReply> {
    this.#open();
    const parked = types.flatMap((type) => listed(this.#books, { state: 'parked', type }).reverse());
    const moves = parked.slice(0, limit).map((entry) => {
      this.#books.toFront(entry);
      return move('unparked', entry);
    });
    return { moves, more: parked.length > limit };
  }

  async lead(candidate: string, lease: number): Promise<boolean> {
    const now = this.#open();
    const { leader } = this.#books;
    if (leader !== undefined && leader.candidate !== candidate && leader.until > now) return false;
    this.#books.leader = { candidate, until: now + lease };
    return true;
  }

  async resign(candidate: string): Promise<void> {
    this.#open();
    if (this.#books.leader?.candidate === candidate) this.#books.leader = undefined;
  }

  async expire(failed: Keep, limit: number): Promise<SweepReply> {
    return expire(this.#books, failed, limit, this.#open());
  }

  async find(id: string): Promise<JobView | null> {
    this.#open();
    return viewOf(this.#books, id);
  }

  async peek(queue: string): Promise<StoredJob | null> {
    this.#open();
    return this.#books.waitingIn(queue)[0]?.job ?? null;
  }

  async size(queue: string): Promise<number> {
    this.#open();
    return this.#books.waitingIn(queue).length;
  }

  async list(listing: Listing, offset: number, limit: number): Promise<readonly string[]> {
    this.#open();
    return listed(this.#books, listing)
      .slice(offset, offset + limit)
      .map(({ job }) => job.id);
  }

  async holders(key: string): Promise<readonly { readonly id: string; readonly token: string | null }[]> {
    this.#open();
    const holders = [...(this.#books.holders.get(key) ?? [])].map(([id, token]) => ({ id, token }));
    return holders.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]> {
    this.#open();
    return this.#books.dead.slice(offset, offset + limit);
  }

  async stats(): Promise<Stats> {
    this.#open();
    return statsOf(this.#books);
  }

  async now(): Promise<number> {
    return this.#open();
  }

  async cancel(call: Call, id: string): Promise<CancelReply> {
    return this.#once(call, () => this.#cancel(id));
  }

  #cancel(id: string): CancelReply {
    const entry = this.#books.jobs.get(id);
    if (entry === undefined) return { result: 'unknown', moves: [] };
    if (entry.state === 'failed' || entry.state === 'completed') return { result: entry.state, moves: [] };
    if (entry.owner !== undefined) {
      entry.cancelAsked = entry.owner.token;
      this.#controls.wake(entry.owner.worker);
      return { result: 'asked', moves: [] };
    }
    const { granted, list } = this.#books.queue(entry.job.queue);
    if (!remove(granted, entry)) remove(list, entry);
    const { heldFor } = entry;
    this.#books.unhold(entry);
    const freed = this.#books.free(entry);
    this.#books.jobs.delete(id);
    // It may have been what those behind it waited for.
    if (heldFor !== undefined) freed.push(heldFor);
    return { result: 'cancelled', moves: this.#grant(freed) };
  }

  async retryFailed(call: Call, ids: readonly string[]): Promise<readonly Acted<'retried'>[]> {
    return this.#once(call, () => ids.map((id) => retryFailed(this.#books, id)));
  }

  async discard(call: Call, ids: readonly string[]): Promise<readonly Acted<'discarded'>[]> {
    return this.#once(call, () => ids.map((id) => discard(this.#books, id)));
  }

  async increment(call: Call, counter: keyof Counters, by: number): Promise<void> {
    this.#once(call, () => {
      this.#books[counter] += by;
    });
  }

  async waitForDue(options: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    this.#open();
    const isSooner = (byDue(this.#books)[0]?.due ?? Number.POSITIVE_INFINITY) < this.#knownDue;
    return isSooner ? 'woken' : this.#dueWaiters.wait([DUE], options);
  }

  async cancellations(
    worker: string,
    known: readonly string[],
    options: { timeout: number; signal?: AbortSignal },
  ): Promise<readonly string[]> {
    this.#open();
    const asked = (): string[] =>
      this.#books
        .owned(worker)
        .filter(isToCancel)
        .map(({ owner }) => owner?.token ?? '')
        .filter((token) => !known.includes(token));
    const now = asked();
    if (now.length > 0) return now;
    return (await this.#controls.wait([worker], options)) === 'woken' ? asked() : [];
  }

  async wait(queues: readonly string[], options: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    this.#open();
    const isEmpty = queues.every((name) => this.#books.waitingIn(name).length === 0);
    return isEmpty ? this.#waiters.wait(queues, options) : 'woken';
  }

  async replicated(): Promise<number> {
    this.#open();
    return 0;
  }

  async diagnose(): Promise<readonly Finding[]> {
    this.#open();
    const means = 'every job is lost when this process ends; it is for tests and trials';
    const change = "use 'sqlite:jobs.db' or 'redis://…'";
    return [{ level: 'fail', topic: 'persistence', found: 'memory', means, change }];
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiters.close();
    this.#controls.close();
    this.#dueWaiters.close();
  }

  #grant(keys: readonly string[]): Move[] {
    return grantAll(this.#books, keys, this.#clock.now() + this.#grantTimeout, newBound());
  }

  /** Does a call once; a repeat gets the first one's reply. */
  #once<Reply>({ client, sequence, floor }: Call, step: () => Reply): Reply {
    this.#open();
    const replies = this.#replies.get(client) ?? new Map<number, unknown>();
    this.#replies.set(client, replies);
    // The reply of a call is of the type that its method gives: a client uses a sequence number for one method only.
    if (replies.has(sequence)) return replies.get(sequence) as Reply;
    const reply = step();
    replies.set(sequence, reply);
    for (const old of replies.keys()) if (old < floor) replies.delete(old);
    return reply;
  }

  #open(): number {
    if (this.#closed) throw new WingmanError('WINGMAN_BACKEND_CLOSED', 'this memory backend is closed');
    return this.#clock.now();
  }
}

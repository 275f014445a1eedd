import type { DeadLetter, Move, Takes } from '../../contract/backend.ts';
import type { StoredJob } from '../../core/envelope.ts';
import { priorityOf } from '../../core/extras.ts';
import type { Keep } from '../../core/keep.ts';
import type { StoredLock } from '../../core/lock.ts';
import { type FailedAttempt, type Failure, KEPT_ATTEMPTS } from '../../core/outcome.ts';
import { QUEUE_MARK, spentBy, startsAt } from '../../core/rate.ts';
import { hasEnded, type State, type TransitionEvent } from '../../core/states.ts';
import { Controls } from './pauses.ts';
import type { Watching } from './watching.ts';

/** A job with everything that changes about it. */
export interface Entry {
  job: StoredJob;
  state: State;
  due?: number;
  owner?: { worker: string; token: string };
  /** The token of the run that is to be cancelled. */
  cancelAsked?: string;
  heldFor?: string;
  /** It runs, and counts among those of its queue. */
  isSeated?: boolean;
  /** How often it came to the head of one lock while another was full. */
  passes?: number;
  reason?: string;
  failedAt?: number;
  completedAt?: number;
  /** JSON text. */
  progress?: string;
  /** JSON text. */
  result?: string;
  failures: FailedAttempt[];
}

/** The job that has a unique key: for itself alone, or until an instant whatever becomes of it. */
export interface KeyHolder {
  readonly id: string;
  readonly queue: string;
  /** Of another job with the same id it is not. */
  readonly sequence: number;
  until?: number;
}

/** A queue: first the jobs with grants, by sequence, then the list of all others, the highest priority first. */
export interface Queue {
  readonly granted: Entry[];
  readonly list: Entry[];
}

/** All that the memory backend knows. The plainest containers will do: this is the model that others are compared with. */
export class Books {
  readonly jobs = new Map<string, Entry>();
  readonly queues = new Map<string, Queue>();
  /** Worker to the end of its lease. */
  readonly leases = new Map<string, number>();
  /** Worker to what it takes. */
  readonly takes = new Map<string, Takes>();
  /** Lock key to its holders: job id to the token of the claim, or null for a grant. */
  readonly holders = new Map<string, Map<string, string | null>>();
  /** Lock key to the jobs held for it, by sequence. */
  readonly waiters = new Map<string, Entry[]>();
  /** Job id to the end of its grant. */
  readonly grants = new Map<string, number>();
  /** Lock keys whose free places are still to be granted: a step ended at its bound. Oldest first. */
  readonly ungranted = new Set<string>();
  readonly controls = new Controls();
  /** Rate key to the instant at which all that has started is made up for: see core/rate.ts. */
  readonly spent = new Map<string, number>();
  /** Rate key that jobs wait for, or a queue by its mark, to when its next place comes free. */
  readonly timers = new Map<string, number>();
  /** Lock key to the newest of the limits that were asked for while jobs wait for it, and the sequence of that job. */
  readonly newest = new Map<string, { readonly sequence: number; readonly lock: StoredLock }>();
  /** Keys to be granted before this step ends: a rate was used, or a limit has changed. */
  readonly touched = new Set<string>();
  /** Who has which unique key, by `nameOf`. */
  readonly uniques = new Map<string, KeyHolder>();
  readonly dead: DeadLetter[] = [];
  /** Job type to how long completed jobs of it are kept: the rule that came with the last one. */
  readonly keepRules = new Map<string, Keep>();
  leader: { readonly candidate: string; readonly until: number } | undefined;
  successful = 0;
  failed = 0;
  readonly #arrived: (queue: string) => void;
  readonly #due: (instant: number) => void;
  readonly #now: () => number;
  readonly #watching: Watching;
  #last = 0;

  /**
   * @param arrived called whenever a job enters a queue
   * @param due called whenever something is to be done by whoever leads, with the instant
   */
  constructor(arrived: (queue: string) => void, due: (instant: number) => void, now: () => number, watching: Watching) {
    this.#arrived = arrived;
    this.#due = due;
    this.#now = now;
    this.#watching = watching;
  }

  /** Puts a job off. */
  schedule(entry: Entry, due: number): void {
    entry.state = 'scheduled';
    entry.due = due;
    this.tell(entry);
    this.#due(due);
  }

  /** Tells those who watch a job that something has happened to it. One that comes into the books only now is not told of. */
  tell({ job, state }: Entry): void {
    if (this.jobs.has(job.id)) this.#watching.tell(job.id, hasEnded(state));
  }

  /** The next number: enqueued jobs and claims share one count, so a token is greater than all before it. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** A queue to put jobs in: made when it is needed first. */
  queue(name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = { granted: [], list: [] };
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** All that wait in a queue, in their order. */
  waitingIn(name: string): Entry[] {
    const queue = this.queues.get(name);
    return queue === undefined ? [] : [...queue.granted, ...queue.list];
  }

  /** A worker that owns nothing is gone. */
  dismiss(worker: string): void {
    this.leases.delete(worker);
    this.takes.delete(worker);
  }

  owned(worker: string): Entry[] {
    return [...this.jobs.values()]
      .filter((entry) => entry.owner?.worker === worker)
      .sort((a, b) => Number(a.owner?.token) - Number(b.owner?.token));
  }

  ownedCount(worker: string): number {
    let count = 0;
    for (const { owner } of this.jobs.values()) if (owner?.worker === worker) count += 1;
    return count;
  }

  inState(state: State): Entry[] {
    return [...this.jobs.values()].filter((entry) => entry.state === state);
  }

  /** Whether a job that comes up must wait for this lock: it is full, or others wait already. */
  isFull(lock: StoredLock): boolean {
    return this.hasNoPlace(lock) || (this.waiters.get(lock.key)?.length ?? 0) > 0;
  }

  /** @param freed places that are about to come free */
  hasNoPlace(lock: StoredLock, freed = 0): boolean {
    const taken = (this.holders.get(lock.key)?.size ?? 0) - freed;
    return lock.interval === undefined ? taken >= lock.concurrency : this.startsAt(lock, taken) > this.#now();
  }

  /** The instant from which on one more job may start by this rate; infinite where all of its places are kept for others. */
  startsAt({ key, concurrency, interval = 0 }: StoredLock, reserved = this.holders.get(key)?.size ?? 0): number {
    const at = startsAt(this.spent.get(key) ?? 0, { concurrency, interval }, reserved, this.#now());
    return Math.max(at, this.controls.pausedRates.get(key) ?? 0);
  }

  /** A job starts by this rate. */
  spend({ key, concurrency, interval = 0 }: StoredLock): void {
    this.spent.set(key, spentBy(this.spent.get(key) ?? 0, { concurrency, interval }, this.#now()));
  }

  /** The limit that holds while jobs wait for a key: that of the newest of those which came up. */
  limitOf(lock: StoredLock): StoredLock {
    return this.newest.get(lock.key)?.lock ?? lock;
  }

  /** The next place of a key comes free at an instant. */
  setTimer(key: string, at: number): void {
    if (!Number.isFinite(at)) return;
    this.timers.set(key, at);
    this.#due(at);
  }

  /** The step ends at its bound: whoever leads goes on with this key. */
  leaveUngranted(key: string): void {
    this.ungranted.add(key);
    this.#due(Number.NEGATIVE_INFINITY);
  }

  /** All jobs of a queue that run count among its running ones from now on. */
  seatAll(queue: string): void {
    for (const entry of this.jobs.values()) {
      if (entry.state === 'processing' && entry.job.queue === queue) entry.isSeated = true;
    }
  }

  /** How many jobs of a queue run, of those that count. */
  running(queue: string): number {
    let count = 0;
    for (const { job, isSeated } of this.jobs.values()) if (isSeated === true && job.queue === queue) count += 1;
    return count;
  }

  /** Why nothing may be claimed from a queue now; a rate's instant is noted, so that somebody is woken then. */
  isClosed(queue: string): boolean {
    if (this.controls.pausedQueues.has(queue)) return true;
    const limit = this.controls.queueLimits.get(queue);
    if (limit === undefined) return false;
    if (limit.concurrency !== null && this.running(queue) >= limit.concurrency) return true;
    return limit.rate !== null && this.startsAt({ key: QUEUE_MARK + queue, ...limit.rate }) > this.#now();
  }

  holds(entry: Entry, key: string): boolean {
    return this.holders.get(key)?.has(entry.job.id) === true;
  }

  /** Takes a place, for the claim of this token or for a grant. A job that starts by a rate uses its place up. */
  take(entry: Entry, lock: StoredLock, token: string | null): void {
    const { key, interval } = lock;
    if (interval !== undefined && token !== null) {
      this.#drop(entry, key);
      this.spend(lock);
      if (this.waiters.has(key)) this.touched.add(key);
      return;
    }
    let holders = this.holders.get(key);
    if (holders === undefined) {
      holders = new Map();
      this.holders.set(key, holders);
    }
    holders.set(entry.job.id, token);
  }

  /** Frees every place that a job has. Returns the keys, in order. */
  free(entry: Entry): string[] {
    const freed: string[] = [];
    this.grants.delete(entry.job.id);
    for (const { key } of entry.job.locks ?? []) {
      if (this.#drop(entry, key)) freed.push(key);
    }
    return freed;
  }

  #drop({ job }: Entry, key: string): boolean {
    const holders = this.holders.get(key);
    if (holders?.delete(job.id) !== true) return false;
    if (holders.size === 0) this.holders.delete(key);
    return true;
  }

  /** A job does not run any more. */
  leave(entry: Entry): void {
    delete entry.owner;
    if (entry.isSeated !== true) return;
    delete entry.isSeated;
    this.#arrived(entry.job.queue);
  }

  hold(entry: Entry, key: string): void {
    this.leave(entry);
    entry.state = 'held';
    entry.heldFor = key;
    let waiters = this.waiters.get(key);
    if (waiters === undefined) {
      waiters = [];
      this.waiters.set(key, waiters);
    }
    insertBySequence(waiters, entry);
    this.#learn(entry, key);
    this.tell(entry);
  }

  #learn({ job }: Entry, key: string): void {
    const lock = job.locks?.find((one) => one.key === key);
    const known = this.newest.get(key);
    if (lock === undefined || (known !== undefined && known.sequence >= job.sequence)) return;
    this.newest.set(key, { sequence: job.sequence, lock });
    const isNew = known?.lock.concurrency !== lock.concurrency || known.lock.interval !== lock.interval;
    if (lock.interval !== undefined || (known !== undefined && isNew)) this.touched.add(key);
  }

  unhold(entry: Entry): void {
    if (entry.heldFor === undefined) return;
    const waiters = this.waiters.get(entry.heldFor) ?? [];
    remove(waiters, entry);
    if (waiters.length === 0) {
      this.waiters.delete(entry.heldFor);
      this.newest.delete(entry.heldFor);
    }
    delete entry.heldFor;
  }

  /** Puts a job at the front of its queue: before all of its priority. */
  toFront(entry: Entry): void {
    this.#wait(entry);
    const { list } = this.queue(entry.job.queue);
    const before = list.findLastIndex((other) => priority(other) > priority(entry));
    list.splice(before + 1, 0, entry);
  }

  /** Puts a job at the back of its queue: behind all of its priority. */
  toBack(entry: Entry): void {
    this.#wait(entry);
    const { list } = this.queue(entry.job.queue);
    const before = list.findLastIndex((other) => priority(other) >= priority(entry));
    list.splice(before + 1, 0, entry);
  }

  /** Removes a job, and all that it has but the places of its locks, and tells its watchers how it ended. */
  erase(entry: Entry, state: State): void {
    const { job, progress } = entry;
    this.freeKey(entry);
    this.jobs.delete(job.id);
    this.#watching.gone({ job, state, failures: [], ...(progress !== undefined && { progress }) });
  }

  /** A job is claimed, which ends what holds while it waits. */
  begin(entry: Entry): void {
    if (entry.job.extras?.unique?.while === 'waiting') this.freeKey(entry);
  }

  /** Frees the unique key that a job has for itself alone. */
  freeKey({ job }: Entry): void {
    const { unique } = job.extras ?? {};
    if (unique === undefined) return;
    const name = nameOf(job.type, unique.key);
    const holder = this.uniques.get(name);
    if (holder?.sequence === job.sequence && holder.until === undefined) this.uniques.delete(name);
  }

  /** Keeps a job as failed. */
  fail(entry: Entry, at: number): void {
    this.freeKey(entry);
    this.leave(entry);
    entry.state = 'failed';
    entry.failedAt = at;
    this.tell(entry);
  }

  keepFailure(entry: Entry, failure: Failure & { readonly took?: number }, at: number): void {
    const failed = { ...failure, attempt: entry.job.attempts + 1, worker: entry.owner?.worker ?? '', at };
    entry.failures = [...entry.failures, failed].slice(-KEPT_ATTEMPTS);
  }

  /** Reserves all locks of a job and puts it before all that have no grant. */
  grant(entry: Entry, until: number): void {
    this.unhold(entry);
    this.#wait(entry);
    delete entry.passes;
    for (const lock of entry.job.locks ?? []) this.take(entry, lock, null);
    this.grants.set(entry.job.id, until);
    insertBySequence(this.queue(entry.job.queue).granted, entry);
  }

  #wait(entry: Entry): void {
    this.leave(entry);
    this.#arrived(entry.job.queue);
    entry.state = 'waiting';
    delete entry.due;
    delete entry.reason;
    delete entry.failedAt;
    this.tell(entry);
  }
}

function priority({ job }: Entry): number {
  return priorityOf(job.extras);
}

function insertBySequence(entries: Entry[], entry: Entry): void {
  const index = entries.findLastIndex((other) => other.job.sequence < entry.job.sequence);
  entries.splice(index + 1, 0, entry);
}

/** One name for a key of a type. No type has a line feed. */
export function nameOf(type: string, key: string): string {
  return `${type}\n${key}`;
}

export function remove(entries: Entry[], entry: Entry): boolean {
  const index = entries.indexOf(entry);
  if (index >= 0) entries.splice(index, 1);
  return index >= 0;
}

export function move(event: TransitionEvent, { job: { id, queue } }: Entry, detail?: string): Move {
  return detail === undefined ? { event, id, queue } : { event, id, queue, detail };
}

import type { DeadLetter, Move } from '../../contract/backend.ts';
import type { StoredJob } from '../../core/envelope.ts';
import type { Keep } from '../../core/keep.ts';
import { type FailedAttempt, type Failure, KEPT_ATTEMPTS } from '../../core/outcome.ts';
import type { State, TransitionEvent } from '../../core/states.ts';

/** A job with everything that changes about it. */
export interface Entry {
  job: StoredJob;
  state: State;
  due?: number;
  owner?: { worker: string; token: string };
  /** The token of the run that is to be cancelled. */
  cancelAsked?: string;
  heldFor?: string;
  /** How often it came to the head of one lock while another was full. */
  passes?: number;
  reason?: string;
  failedAt?: number;
  completedAt?: number;
  failures: FailedAttempt[];
}

/** A queue: first the jobs with grants, by sequence, then the list of all others. */
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
  /** Lock key to its holders: job id to the token of the claim, or null for a grant. */
  readonly holders = new Map<string, Map<string, string | null>>();
  /** Lock key to the jobs held for it, by sequence. */
  readonly waiters = new Map<string, Entry[]>();
  /** Job id to the end of its grant. */
  readonly grants = new Map<string, number>();
  /** Lock keys whose free places are still to be granted: a step ended at its bound. Oldest first. */
  readonly ungranted = new Set<string>();
  readonly dead: DeadLetter[] = [];
  /** Job type to how long completed jobs of it are kept: the rule that came with the last one. */
  readonly keepRules = new Map<string, Keep>();
  leader: { readonly candidate: string; readonly until: number } | undefined;
  successful = 0;
  failed = 0;
  readonly #arrived: (queue: string) => void;
  readonly #scheduled: () => void;
  #last = 0;

  /**
   * @param arrived called whenever a job enters a queue
   * @param scheduled called whenever one is due later
   */
  constructor(arrived: (queue: string) => void, scheduled: () => void) {
    this.#arrived = arrived;
    this.#scheduled = scheduled;
  }

  /** Puts a job off. */
  schedule(entry: Entry, due: number): void {
    entry.state = 'scheduled';
    entry.due = due;
    this.#scheduled();
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
  isFull({ key, concurrency }: { key: string; concurrency: number }): boolean {
    return this.hasNoPlace(key, concurrency) || (this.waiters.get(key)?.length ?? 0) > 0;
  }

  hasNoPlace(key: string, concurrency: number): boolean {
    return (this.holders.get(key)?.size ?? 0) >= concurrency;
  }

  holds(entry: Entry, key: string): boolean {
    return this.holders.get(key)?.has(entry.job.id) === true;
  }

  take(entry: Entry, key: string, token: string | null): void {
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
      const holders = this.holders.get(key);
      if (holders?.delete(entry.job.id) !== true) continue;
      freed.push(key);
      if (holders.size === 0) this.holders.delete(key);
    }
    return freed;
  }

  hold(entry: Entry, key: string): void {
    entry.state = 'held';
    entry.heldFor = key;
    delete entry.owner;
    let waiters = this.waiters.get(key);
    if (waiters === undefined) {
      waiters = [];
      this.waiters.set(key, waiters);
    }
    insertBySequence(waiters, entry);
  }

  unhold(entry: Entry): void {
    if (entry.heldFor === undefined) return;
    const waiters = this.waiters.get(entry.heldFor) ?? [];
    remove(waiters, entry);
    if (waiters.length === 0) this.waiters.delete(entry.heldFor);
    delete entry.heldFor;
  }

  /** Puts a job at the front of its queue. */
  toFront(entry: Entry): void {
    this.#wait(entry);
    this.queue(entry.job.queue).list.unshift(entry);
  }

  toBack(entry: Entry): void {
    this.#wait(entry);
    this.queue(entry.job.queue).list.push(entry);
  }

  /** Keeps a job as failed. */
  fail(entry: Entry, at: number): void {
    entry.state = 'failed';
    entry.failedAt = at;
    delete entry.owner;
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
    for (const { key } of entry.job.locks ?? []) this.take(entry, key, null);
    this.grants.set(entry.job.id, until);
    insertBySequence(this.queue(entry.job.queue).granted, entry);
  }

  #wait(entry: Entry): void {
    this.#arrived(entry.job.queue);
    entry.state = 'waiting';
    delete entry.owner;
    delete entry.due;
    delete entry.reason;
    delete entry.failedAt;
  }
}

function insertBySequence(entries: Entry[], entry: Entry): void {
  const index = entries.findLastIndex((other) => other.job.sequence < entry.job.sequence);
  entries.splice(index + 1, 0, entry);
}

export function remove(entries: Entry[], entry: Entry): boolean {
  const index = entries.indexOf(entry);
  if (index >= 0) entries.splice(index, 1);
  return index >= 0;
}

export function move(event: TransitionEvent, { job: { id, queue } }: Entry, detail?: string): Move {
  return detail === undefined ? { event, id, queue } : { event, id, queue, detail };
}

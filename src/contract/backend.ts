/**
 * What a backend does: one small interface for each concern, and `Backend` as their sum. Every method is a single atomic
 * step of bounded size by the backend's own clock; docs/internals.md tells what each step does in words, backends/memory is
 * the same in the plainest code there is, and contract/conformance holds every backend to it.
 *
 * Times are milliseconds; instants are milliseconds since the epoch by the backend's clock. Methods reject with a
 * WingmanError: `WINGMAN_BACKEND_UNREACHABLE`, `_REFUSED`, `_FULL` (of a file: `WINGMAN_SQLITE_FULL`), `_BUSY`, `_FAILED` or
 * `_CLOSED`. A BackendError tells the call's fate: it was not done, or that is unknown; a call that is repeated with the same
 * `Call` does no harm.
 */
import type { ClaimedJob, NewJob } from '../core/envelope.ts';
import type { Keep } from '../core/keep.ts';
import type { StoredLock } from '../core/lock.ts';
import type { Outcome } from '../core/outcome.ts';
import type { BulkBackend } from './bulk.ts';
import type { Call } from './call.ts';
import type { Callee, CheckedIn, CheckIn } from './check-in.ts';
import type { ControlBackend } from './controls.ts';
import type { InspectBackend, Takes } from './inspect.ts';
import type { Move } from './move.ts';
import type { OperateBackend } from './operate.ts';
import type { ResultStore } from './results.ts';
import type { ScheduleStore } from './schedules.ts';
import type { EnqueueReply, UniqueKeys } from './uniqueness.ts';

export * from './bounds.ts';
export type * from './bulk.ts';
export * from './check-in.ts';
export type * from './controls.ts';
export type * from './inspect.ts';
export type * from './move.ts';
export type * from './operate.ts';
export * from './results.ts';
export type * from './schedules.ts';
export type * from './uniqueness.ts';

export interface EnqueueBackend {
  /**
   * Appends jobs to the backs of their queues, or to the scheduled jobs where they are due later. A job whose id is in the
   * books already changes nothing. One whose unique key is taken does as its `onConflict` says; two of one call meet as two
   * calls would, in their order. Here and everywhere, the back and the front of a queue are those of the job's priority: it
   * stands behind all of a higher one, and before all of a lower one.
   */
  enqueue(call: Call, jobs: readonly NewJob[]): Promise<EnqueueReply>;
}

export interface Settlement {
  readonly job: ClaimedJob;
  readonly outcome: Outcome;
}

export interface Claim {
  /** Where to take jobs from: the first queue until it is empty, then the next. */
  readonly queues: readonly string[];
  /** How many jobs at most: the free slots. */
  readonly count: number;
  /** `take` locks with the claim; `later` leaves the locks to `lock`, for the one-at-a-time stages. */
  readonly locks: 'take' | 'later';
}

export interface ExchangeRequest {
  readonly worker: string;
  readonly settlements: readonly Settlement[];
  readonly claim?: Claim;
  /**
   * Where there is no claim: the queues of an `exchangeWhenWoken` of this worker, which follows without waiting for the answer. A store may
   * see to it that it will be quick.
   */
  readonly awaited?: readonly string[];
}

/**
 * What became of a settlement. `stale`: refused, since its token is no longer the owner's. `cancelled`: the job was to go on
 * later (retried, put off, parked or handed back), and somebody has asked for it to be cancelled: it was.
 */
export type Settled = 'settled' | 'stale' | 'cancelled';

export interface ExchangeReply {
  /** The worker has no lease (any more): nothing was claimed, and it must register anew under a new name. */
  readonly lost: boolean;
  readonly settled: readonly Settled[];
  readonly claimed: readonly ClaimedJob[];
  readonly moves: readonly Move[];
  /** The step ended at its bound: there may be more to claim at once. */
  readonly more: boolean;
  /** How many jobs the worker owns after this step. */
  readonly owned: number;
  /** The backend's clock. */
  readonly now: number;
}

export interface ClaimBackend {
  /**
   * Settles a batch and claims up to `count` more jobs, in one step.
   *
   * Settling: in the order given, each job leaves its worker, its locks come free, and it goes where its outcome says.
   * Released jobs go to the fronts of their queues with the lowest token foremost; one that needs locks queues up for them
   * again by its sequence, which mostly gives it its place back at once.
   * Granting: then each place that came free, now or in a step before that ended at its bound, goes to the job that has
   * waited longest for it. The grant puts that job before all others in its queue, with its locks reserved. One that finds
   * another of its locks full goes on to wait for that, holding nothing; after `MOST_PASSES` times it keeps what it gets.
   * Claiming: then jobs are taken, those with grants first and by sequence, then by priority. One that finds a lock full, or
   * others waiting for it, is held for the first such key. A rate is a lock whose places come free by time: a job that starts
   * uses one up. A queue that is paused, or has as many jobs running as it may, or whose rate does not allow one more, is passed
   * over; a job whose type is paused is parked. What is no envelope goes to the dead letters.
   */
  exchange(call: Call, request: ExchangeRequest): Promise<ExchangeReply>;
  /**
   * The exchange of somebody whose newest claim has emptied the queues of this one, or found them empty: waits as `wait` does, without
   * looking first, and then exchanges, whatever ended the wait. So an abort does not take it back, and is for having it now. A repeat of it
   * is an `exchange` under the same call.
   */
  exchangeWhenWoken(call: Call, request: ExchangeRequest, options: WaitOptions): Promise<ExchangeReply>;
}

export interface LockReply {
  /**
   * `none`: it needs no lock. `held`: it left its worker and waits. `stale`: the token is no longer the owner's; or it would have
   * to wait, and is to be cancelled: then it is.
   */
  readonly state: 'none' | 'locked' | 'held' | 'stale';
  readonly moves: readonly Move[];
}

export interface UnlockReply {
  /** How many places came free. */
  readonly freed: number;
  readonly moves: readonly Move[];
}

export interface LockBackend {
  /** Takes all locks and rates of a claimed job, or holds it at the first that is full. `locks` are put into its envelope if given. */
  lock(call: Call, job: ClaimedJob, locks?: readonly StoredLock[]): Promise<LockReply>;
  /** Frees what this job holds, and only that, and grants the places; the job stays with its worker. */
  unlock(call: Call, job: ClaimedJob): Promise<UnlockReply>;
}

export interface SweepReply {
  readonly moves: readonly Move[];
  /** The step ended at its bound: call again. */
  readonly more: boolean;
}

export interface LeaseBackend {
  /**
   * Starts a worker's lease of `lease` milliseconds. The name must be new: names are never used twice. What it takes is for those
   * who ask why a job waits.
   */
  register(worker: string, lease: number, takes?: Takes): Promise<void>;
  /** Extends the lease; false when it is gone, and with it everything the worker owned. */
  renew(worker: string, lease: number): Promise<boolean>;
  /** Ends the lease now. What the worker still owns is reclaimed by the next sweep. */
  retire(worker: string): Promise<void>;
  /**
   * Hands back all that the worker owns by the books, but the claims with these tokens: a store that lost its newest writes
   * (a failover, a power failure) may have forgotten that they were settled. They go to the fronts of their queues as if
   * reclaimed, without a crash on their count. Up to `limit` of them, the latest claims first.
   */
  relinquish(call: Call, worker: string, known: readonly string[], limit: number): Promise<SweepReply>;
  /**
   * Takes up to `limit` jobs back from workers whose lease has ended: a crash is counted, locks come free, and the job goes
   * to the front of its queue (or queues up for its locks) as if released. One that had its `MOST_CRASHES`th crash in a row is
   * quarantined instead: kept as failed with `CRASHED`, counted as failed, and no attempt is used.
   */
  reclaim(limit: number): Promise<SweepReply>;
  /**
   * A process tells that it is alive, once every few seconds, and hears what there is for it to do: all that it would else have
   * to ask for again and again. Its worker's lease is extended; it leads from now on where nobody else does. Whoever leads does
   * what needs doing once in a cluster.
   */
  checkIn(checkIn: CheckIn): Promise<CheckedIn>;
  /** Ends a candidate's leadership now, if it has it, and calls one of those who would follow. */
  resign(candidate: string): Promise<void>;
}

export interface PromoteReply extends SweepReply {
  /** Milliseconds until the next scheduled job is due, or a rate allows the next one to start; null where neither will be. */
  readonly next: number | null;
}

export interface ScheduleBackend {
  /**
   * Moves up to `limit` scheduled jobs that are due to the backs of their queues, by due time, then id. Then grants the places
   * of up to `limit` rates that have come free by time.
   */
  promote(limit: number): Promise<PromoteReply>;
  /**
   * Grants the places that steps before left at their bound. Then looks at up to `limit` grants that were not claimed in time, the
   * oldest first. Where a job of another queue waits for the same key, the place passes to it and the job goes to the front of its
   * queue without a grant; else the grant is renewed, since no other manager could use it. It looks at `PASS_BUDGET` waiters of a key,
   * and takes up no other grant once it has looked at as many in all.
   */
  passGrants(limit: number): Promise<SweepReply>;
  /**
   * Moves up to `limit` parked jobs of these types to the fronts of their queues, the lowest sequence foremost; none of a type
   * that is paused.
   */
  unpark(types: readonly string[], limit: number): Promise<SweepReply>;
  /**
   * Removes up to `limit` jobs that were kept for long enough: failed ones by the rule given, completed ones by the rule that
   * their type had when one of it completed last. The oldest go first.
   */
  expire(failed: Keep, limit: number): Promise<SweepReply>;
}

export interface SignalBackend {
  /**
   * Waits until there may be something to claim in one of these queues, and takes nothing. A wake-up may come for nothing or
   * be lost, so `timeout` is the caller's poll interval. An abort ends it within 1 s.
   */
  wait(queues: readonly string[], options: WaitOptions): Promise<Wake>;
  /**
   * Waits until a process is called to check in: some of its worker's runs are to be cancelled, or a type may be claimed again that
   * was paused; one that leads, since something is due sooner than its last check-in or promotion could tell; any other, since
   * nobody leads any more. Within a second of what it is called for. A call may come for nothing or be lost. An abort ends
   * it within 1 s.
   */
  waitForCall(callee: Callee, options: { readonly timeout: number; readonly signal?: AbortSignal }): Promise<Wake>;
}

export interface WaitOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** The caller's own exchange has just found them empty, and its check-ins tell of what comes without a wake-up: no need to look. */
  readonly areEmpty?: boolean;
}

export type Wake = 'woken' | 'timeout' | 'aborted';

export interface DurabilityBackend {
  /**
   * Waits until all that this handle has written is on at least `replicas` other servers, or the time is up.
   * @returns on how many it is; always 0 where a backend has no replicas
   */
  replicated(replicas: number, timeout: number): Promise<number>;
  /**
   * What the store's settings mean for the guarantees, the worst first. `quick` leaves out what takes time (measurements, and a
   * check of all that is stored): it may be asked again and again.
   */
  diagnose(depth: 'full' | 'quick'): Promise<readonly Finding[]>;
}

/** One thing about a store that bears on what is promised. */
export interface Finding {
  /** `ok`: as it should be. `warn`: a guarantee is weaker than it could be. `fail`: jobs may be lost or stand still. */
  readonly level: 'ok' | 'warn' | 'fail';
  /** As `persistence`. */
  readonly topic: string;
  /** What was found, as `appendonly no, save 3600 1`. */
  readonly found: string;
  /** What it means for the jobs. */
  readonly means: string;
  /** What to change, where something should be. */
  readonly change?: string;
}

/** How a thread of the same process opens the same store with a connection of its own. */
export interface Reopen {
  /** The URL of a module with a function `open(options)`. */
  readonly module: string;
  /** Only what a message between threads can carry. */
  readonly options: object;
}

export interface Backend
  extends EnqueueBackend,
    ClaimBackend,
    LockBackend,
    LeaseBackend,
    ScheduleBackend,
    InspectBackend,
    OperateBackend,
    SignalBackend,
    DurabilityBackend {
  /** Pauses and the limits of queues. */
  readonly controls: ControlBackend;
  /** `redis`, `sqlite` or `memory`. */
  readonly kind: string;
  /** Where it is, for people: a URL without its password. */
  readonly location: string;
  /** The largest payload that it takes, in bytes of JSON. */
  readonly maxPayload: number;
  /** It works while this process does: a second exchange that is made before the first is answered saves time. */
  readonly overlaps: boolean;
  readonly schedules: ScheduleStore;
  /** Null where only this handle can reach the store: it is in this process's memory, or goes through a user's own client. */
  readonly reopen: Reopen | null;
  readonly uniqueKeys: UniqueKeys;
  readonly bulk: BulkBackend;
  readonly results: ResultStore;
  /** Frees every resource; waits end as aborted. A second call does nothing. */
  close(): Promise<void>;
}

/** How long a grant is kept for a job before it may pass to a job of another queue, unless a backend is told otherwise. */
export const GRANT_TIMEOUT = 10_000;

/**
 * How often a job that needs several locks goes on to wait for another one, holding nothing, before it keeps what it gets: it
 * then waits for its keys in their order, and holds those before. Without it, two busy keys would pass it to and fro for good;
 * the order is what keeps two such jobs from waiting for each other.
 */
export const MOST_PASSES = 3;

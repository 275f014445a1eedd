import type {
  Acted,
  Backend,
  Callee,
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
  PromoteReply,
  Reopen,
  Stats,
  SweepReply,
  Takes,
  UnlockReply,
  WaitOptions,
  Wake,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { ClaimedJob, NewJob, StoredJob } from '../../core/envelope.ts';
import type { Keep } from '../../core/keep.ts';
import type { StoredLock } from '../../core/lock.ts';
import { SqliteBulk } from './bulk.ts';
import { checkIn } from './checking-in.ts';
import { SqliteControls } from './controls.ts';
import { Desk, type SqliteSettings } from './desk.ts';
import { diagnose } from './diagnosing.ts';
import { discard, expire, retryFailed } from './ending.ts';
import { enqueue } from './enqueueing.ts';
import { exchange } from './exchanging.ts';
import type { OpenFile } from './file.ts';
import { ahead, deadLetters, find, holders, list, peek, readStats, size } from './inspecting.ts';
import { register, renew, resign, retire } from './leases.ts';
import { cancel, lock, unlock } from './locking.ts';
import { once, onceClaimed } from './replies.ts';
import { SqliteResults } from './results.ts';
import { SqliteSchedules } from './schedules.ts';
import { passGrants, promote, reclaim, relinquish, unpark } from './sweeping.ts';
import { SqliteUniqueKeys } from './uniqueness.ts';

/** The contract over one file. Each method is one transaction; what it does stands in the file of its concern. */
export class SqliteBackend implements Backend {
  readonly kind = 'sqlite';
  readonly location: string;
  readonly maxPayload: number;
  readonly overlaps = false;
  readonly controls: ControlBackend;
  readonly reopen: Reopen | null;
  readonly results: SqliteResults;
  readonly schedules: SqliteSchedules;
  readonly uniqueKeys: SqliteUniqueKeys;
  readonly bulk: SqliteBulk;
  readonly #desk: Desk;

  constructor(file: OpenFile, settings: SqliteSettings) {
    this.location = `sqlite:${settings.path}`;
    this.maxPayload = settings.maxPayload;
    this.reopen = settings.reopen;
    this.#desk = new Desk(file, settings);
    this.controls = new SqliteControls(this.#desk);
    this.schedules = new SqliteSchedules(this.#desk);
    this.uniqueKeys = new SqliteUniqueKeys(this.#desk);
    this.bulk = new SqliteBulk(this.#desk);
    this.results = new SqliteResults(this.#desk);
  }

  enqueue(call: Call, jobs: readonly NewJob[]): Promise<EnqueueReply> {
    return this.#desk.write((books) => once(books, call, () => enqueue(books, jobs)));
  }

  exchange(call: Call, request: ExchangeRequest): Promise<ExchangeReply> {
    const way = { isTrusting: true };
    return this.#desk.write((books) => onceClaimed(books, call, request, () => exchange(books, request, way)));
  }

  async exchangeWhenWoken(call: Call, request: ExchangeRequest, options: WaitOptions): Promise<ExchangeReply> {
    await this.wait(request.claim?.queues ?? [], options);
    return this.exchange(call, request);
  }

  lock(call: Call, job: ClaimedJob, locks?: readonly StoredLock[]): Promise<LockReply> {
    return this.#desk.write((books) => once(books, call, () => lock(books, job, locks)));
  }

  unlock(call: Call, job: ClaimedJob): Promise<UnlockReply> {
    return this.#desk.write((books) => once(books, call, () => unlock(books, job)));
  }

  register(worker: string, lease: number, takes?: Takes): Promise<void> {
    return this.#desk.write((books) => register(books, worker, lease, takes));
  }

  renew(worker: string, lease: number): Promise<boolean> {
    return this.#desk.write((books) => renew(books, worker, lease));
  }

  retire(worker: string): Promise<void> {
    this.#desk.calls.forget(worker);
    return this.#desk.write((books) => retire(books, worker));
  }

  relinquish(call: Call, worker: string, known: readonly string[], limit: number): Promise<SweepReply> {
    return this.#desk.write((books) => once(books, call, () => relinquish(books, worker, known, limit)));
  }

  reclaim(limit: number): Promise<SweepReply> {
    return this.#desk.write((books) => reclaim(books, limit));
  }

  checkIn(given: CheckIn): Promise<CheckedIn> {
    return this.#desk.write((books) => {
      const reply = checkIn(books, given);
      this.#desk.calls.told(books.connection, given, reply, books.now);
      return reply;
    });
  }

  resign(candidate: string): Promise<void> {
    return this.#desk.write((books) => resign(books, candidate));
  }

  promote(limit: number): Promise<PromoteReply> {
    return this.#desk.write((books) => {
      const reply = promote(books, limit);
      this.#desk.calls.promoted(reply.next === null ? Number.POSITIVE_INFINITY : books.now + reply.next);
      return reply;
    });
  }

  passGrants(limit: number): Promise<SweepReply> {
    return this.#desk.write((books) => passGrants(books, limit));
  }

  unpark(types: readonly string[], limit: number): Promise<SweepReply> {
    return this.#desk.write((books) => unpark(books, types, limit));
  }

  expire(failed: Keep, limit: number): Promise<SweepReply> {
    return this.#desk.write((books) => expire(books, failed, limit));
  }

  find(id: string): Promise<JobView | null> {
    return this.#desk.read((connection) => find(connection, id));
  }

  peek(queue: string): Promise<StoredJob | null> {
    return this.#desk.read((connection) => peek(connection, queue));
  }

  ahead(id: string, most: number): Promise<number | null> {
    return this.#desk.read((connection) => ahead(connection, id, most));
  }

  size(queue: string): Promise<number> {
    return this.#desk.read((connection) => size(connection, queue));
  }

  list(listing: Listing, offset: number, limit: number): Promise<readonly string[]> {
    return this.#desk.read((connection) => list(connection, listing, offset, limit));
  }

  holders(key: string): Promise<readonly { readonly id: string; readonly token: string | null }[]> {
    return this.#desk.read((connection) => holders(connection, key));
  }

  deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]> {
    return this.#desk.read((connection) => deadLetters(connection, offset, limit));
  }

  stats(): Promise<Stats> {
    return this.#desk.read(readStats);
  }

  async now(): Promise<number> {
    this.#desk.assertOpen();
    return this.#desk.settings.clock.now();
  }

  cancel(call: Call, id: string): Promise<CancelReply> {
    return this.#desk.write((books) => once(books, call, () => cancel(books, id)));
  }

  retryFailed(call: Call, ids: readonly string[]): Promise<readonly Acted<'retried'>[]> {
    return this.#desk.write((books) => once(books, call, () => ids.map((id) => retryFailed(books, id))));
  }

  discard(call: Call, ids: readonly string[]): Promise<readonly Acted<'discarded'>[]> {
    return this.#desk.write((books) => once(books, call, () => ids.map((id) => discard(books, id))));
  }

  async increment(call: Call, counter: keyof Counters, by: number): Promise<void> {
    await this.#desk.write((books) =>
      once(books, call, () => {
        books.tallies.totals[counter === 'failed' ? 'failures' : 'successful'] += by;
        return null;
      }),
    );
  }

  async wait(queues: readonly string[], options: WaitOptions): Promise<Wake> {
    this.#desk.assertOpen();
    return this.#desk.waitForWork(queues, options);
  }

  async waitForCall(callee: Callee, options: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    this.#desk.assertOpen();
    return this.#desk.waitForCall(callee, options);
  }

  /** One file has no replicas. */
  async replicated(): Promise<number> {
    this.#desk.assertOpen();
    return 0;
  }

  diagnose(depth: 'full' | 'quick'): Promise<readonly Finding[]> {
    return diagnose(this.#desk.file, this.#desk.settings.path, this.#desk.settings.clock, depth);
  }

  async close(): Promise<void> {
    this.#desk.close();
  }
}

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
  PromoteReply,
  Reopen,
  Stats,
  SweepReply,
  UnlockReply,
  Wake,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { ClaimedJob, NewJob, StoredJob } from '../../core/envelope.ts';
import type { Keep } from '../../core/keep.ts';
import type { Lock } from '../../core/lock.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Books } from './books.ts';
import type { Connection } from './connection.ts';
import { diagnose } from './diagnosing.ts';
import { discard, expire, retryFailed } from './ending.ts';
import { enqueue } from './enqueueing.ts';
import { closed, isBusy, toWingmanError } from './errors.ts';
import { exchange } from './exchanging.ts';
import type { OpenFile } from './file.ts';
import { deadLetters, find, hasWaiting, holders, list, peek, readStats, size } from './inspecting.ts';
import { lead, register, renew, resign, retire } from './leases.ts';
import { cancel, lock, toCancel, unlock } from './locking.ts';
import { once, onceClaimed } from './replies.ts';
import { integer } from './rows.ts';
import { firstDue, passGrants, promote, reclaim, relinquish, unpark } from './sweeping.ts';
import { Watch } from './watch.ts';

export interface SqliteSettings {
  readonly path: string;
  readonly clock: Clock;
  readonly maxPayload: number;
  /** How long a grant is kept before it may pass to another queue, in milliseconds. */
  readonly grantTimeout: number;
  /** Milliseconds between two looks for what other processes wrote. */
  readonly pollInterval: number;
  readonly reopen: Reopen | null;
}

/** Milliseconds between two looks for a job that is due sooner than all others: so late it may be. */
const DUE_INTERVAL = 25;

/** Milliseconds between two looks for jobs that are to be cancelled. */
const CANCEL_INTERVAL = 250;

/** The contract over one file. Each method is one transaction; what it does stands in the file of its concern. */
export class SqliteBackend implements Backend {
  readonly kind = 'sqlite';
  readonly location: string;
  readonly maxPayload: number;
  readonly reopen: Reopen | null;
  readonly #file: OpenFile;
  readonly #settings: SqliteSettings;
  readonly #watch: Watch;
  /** When the first of the scheduled jobs was due that the last promotion left. */
  #knownDue = Number.POSITIVE_INFINITY;

  constructor(file: OpenFile, settings: SqliteSettings) {
    this.location = `sqlite:${settings.path}`;
    this.maxPayload = settings.maxPayload;
    this.reopen = settings.reopen;
    this.#file = file;
    this.#settings = settings;
    const { connection } = file;
    const { path } = settings;
    this.#watch = new Watch({
      ...settings,
      version: () => unlessBusy(path, () => integer(connection.get('PRAGMA data_version')?.data_version)),
      hasWaiting: (queue) => unlessBusy(path, () => hasWaiting(connection, queue)),
    });
  }

  enqueue(call: Call, jobs: readonly NewJob[]): Promise<readonly ('enqueued' | 'duplicate')[]> {
    return this.#write((books) => once(books, call, () => jobs.map((job) => enqueue(books, job))));
  }

  exchange(call: Call, request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#write((books) => onceClaimed(books, call, request, () => exchange(books, request)));
  }

  lock(call: Call, job: ClaimedJob, locks?: readonly Lock[]): Promise<LockReply> {
    return this.#write((books) => once(books, call, () => lock(books, job, locks)));
  }

  unlock(call: Call, job: ClaimedJob): Promise<UnlockReply> {
    return this.#write((books) => once(books, call, () => unlock(books, job)));
  }

  register(worker: string, lease: number): Promise<void> {
    return this.#write((books) => register(books, worker, lease));
  }

  renew(worker: string, lease: number): Promise<boolean> {
    return this.#write((books) => renew(books, worker, lease));
  }

  retire(worker: string): Promise<void> {
    return this.#write((books) => retire(books, worker));
  }

  relinquish(call: Call, worker: string, known: readonly string[]): Promise<SweepReply> {
    return this.#write((books) => once(books, call, () => relinquish(books, worker, known)));
  }

  reclaim(limit: number): Promise<SweepReply> {
    return this.#write((books) => reclaim(books, limit));
  }

  lead(candidate: string, lease: number): Promise<boolean> {
    return this.#write((books) => lead(books, candidate, lease));
  }

  resign(candidate: string): Promise<void> {
    return this.#write((books) => resign(books, candidate));
  }

  promote(limit: number): Promise<PromoteReply> {
    return this.#write((books) => {
      const reply = promote(books, limit);
      this.#knownDue = reply.next === null ? Number.POSITIVE_INFINITY : books.now + reply.next;
      return reply;
    });
  }

  passGrants(limit: number): Promise<SweepReply> {
    return this.#write((books) => passGrants(books, limit));
  }

  unpark(types: readonly string[], limit: number): Promise<SweepReply> {
    return this.#write((books) => unpark(books, types, limit));
  }

  expire(failed: Keep, limit: number): Promise<SweepReply> {
    return this.#write((books) => expire(books, failed, limit));
  }

  find(id: string): Promise<JobView | null> {
    return this.#read((connection) => find(connection, id));
  }

  peek(queue: string): Promise<StoredJob | null> {
    return this.#read((connection) => peek(connection, queue));
  }

  size(queue: string): Promise<number> {
    return this.#read((connection) => size(connection, queue));
  }

  list(listing: Listing, offset: number, limit: number): Promise<readonly string[]> {
    return this.#read((connection) => list(connection, listing, offset, limit));
  }

  holders(key: string): Promise<readonly { readonly id: string; readonly token: string | null }[]> {
    return this.#read((connection) => holders(connection, key));
  }

  deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]> {
    return this.#read((connection) => deadLetters(connection, offset, limit));
  }

  stats(): Promise<Stats> {
    return this.#read(readStats);
  }

  async now(): Promise<number> {
    this.#assertOpen();
    return this.#settings.clock.now();
  }

  cancel(call: Call, id: string): Promise<CancelReply> {
    return this.#write((books) => once(books, call, () => cancel(books, id)));
  }

  retryFailed(call: Call, ids: readonly string[]): Promise<readonly Acted<'retried'>[]> {
    return this.#write((books) => once(books, call, () => ids.map((id) => retryFailed(books, id))));
  }

  discard(call: Call, ids: readonly string[]): Promise<readonly Acted<'discarded'>[]> {
    return this.#write((books) => once(books, call, () => ids.map((id) => discard(books, id))));
  }

  async increment(call: Call, counter: keyof Counters, by: number): Promise<void> {
    await this.#write((books) =>
      once(books, call, () => {
        books.tallies.totals[counter === 'failed' ? 'failures' : 'successful'] += by;
        return null;
      }),
    );
  }

  async wait(queues: readonly string[], options: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    this.#assertOpen();
    return this.#watch.wait(queues, options);
  }

  /** Looks many times a second, and only where somebody has to know: the leader of a cluster. */
  async waitForDue({ timeout, signal }: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    const { clock } = this.#settings;
    const end = clock.monotonic() + timeout;
    for (;;) {
      if ((await this.#read(firstDue)) < this.#knownDue) return 'woken';
      const left = end - clock.monotonic();
      if (left <= 0) return 'timeout';
      if (!(await clock.sleep(Math.min(DUE_INTERVAL, left), signal))) return 'aborted';
    }
  }

  /** Looks several times a second: a file tells nobody what is written to it. */
  async cancellations(
    worker: string,
    known: readonly string[],
    { timeout, signal }: { timeout: number; signal?: AbortSignal },
  ): Promise<readonly string[]> {
    const { clock } = this.#settings;
    const end = clock.monotonic() + timeout;
    for (;;) {
      const asked = (await this.#read((connection) => toCancel(connection, worker))).filter(
        (token) => !known.includes(token),
      );
      const left = end - clock.monotonic();
      if (asked.length > 0 || left <= 0) return asked;
      if (!(await clock.sleep(Math.min(CANCEL_INTERVAL, left), signal))) return [];
    }
  }

  /** One file has no replicas. */
  async replicated(): Promise<number> {
    this.#assertOpen();
    return 0;
  }

  diagnose(depth: 'full' | 'quick'): Promise<readonly Finding[]> {
    return diagnose(this.#file, this.#settings.path, this.#settings.clock, depth);
  }

  async close(): Promise<void> {
    this.#file.retries.close();
    this.#watch.close();
    this.#file.connection.close();
  }

  async #write<Reply>(step: (books: Books) => Reply): Promise<Reply> {
    const { connection, transactions } = this.#file;
    const { clock, grantTimeout } = this.#settings;
    const { reply, arrived } = await transactions.write(() => {
      const books = new Books(connection, clock.now(), grantTimeout);
      const reply = step(books);
      books.save();
      return { reply, arrived: books.arrived };
    });
    this.#watch.wake(arrived);
    return reply;
  }

  #read<Reply>(step: (connection: Connection) => Reply): Promise<Reply> {
    const { connection, transactions } = this.#file;
    return transactions.read(() => step(connection));
  }

  #assertOpen(): void {
    if (this.#file.retries.isClosed) throw closed(this.#settings.path);
  }
}

function unlessBusy<Result>(path: string, look: () => Result): Result | null {
  try {
    return look();
  } catch (thrown) {
    if (isBusy(thrown)) return null;
    throw toWingmanError(thrown, path);
  }
}

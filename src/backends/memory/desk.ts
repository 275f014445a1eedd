import type { Move, Wake } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import { WingmanError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Books } from './books.ts';
import { grantAll, newBound } from './granting.ts';
import { byDue } from './listing.ts';
import { Waiters } from './waiters.ts';
import { Watching } from './watching.ts';

export interface MemorySettings {
  readonly clock: Clock;
  readonly maxPayload: number;
  /** How long a grant is kept before it may pass to another queue, in milliseconds. */
  readonly grantTimeout: number;
}

/** The calls that are not for one worker: to the leader, and to those who would lead. */
export const DUE = ' due';
export const VACANT = ' vacant';

/** What every concern of the backend works with: the books, the clock, who waits, and the replies of calls. */
export class Desk {
  readonly books: Books;
  readonly clock: Clock;
  readonly grantTimeout: number;
  /** By queue: those who wait for work. */
  readonly claimers: Waiters;
  /** Those who wait to be called: by worker, and by what the leader and the others wait for. */
  readonly callees: Waiters;
  /** By watcher: those who wait to be told of jobs. */
  readonly watchers: Waiters;
  readonly watching: Watching;
  /** Up to when the leader knows what is due. */
  #knownDue = Number.POSITIVE_INFINITY;
  /** Calls that nobody has heard yet. */
  readonly #calls = new Set<string>();
  readonly #replies = new Map<string, Map<number, unknown>>();
  #isClosed = false;

  constructor({ clock, grantTimeout }: MemorySettings) {
    this.clock = clock;
    this.grantTimeout = grantTimeout;
    this.claimers = new Waiters(clock);
    this.callees = new Waiters(clock);
    this.watchers = new Waiters(clock);
    this.watching = new Watching(clock, (watcher) => this.watchers.wake(watcher));
    this.books = new Books(
      (queue) => this.claimers.wake(queue),
      (due) => this.isDue(due),
      () => clock.now(),
      this.watching,
    );
  }

  /** The instant, by the backend's clock. */
  open(): number {
    if (this.#isClosed) throw new WingmanError('WINGMAN_BACKEND_CLOSED', 'this memory backend is closed');
    return this.clock.now();
  }

  /** Does a call once; a repeat gets the first one's reply. */
  once<Reply>({ client, sequence, floor }: Call, step: () => Reply): Reply {
    this.open();
    const replies = this.#replies.get(client) ?? new Map<number, unknown>();
    this.#replies.set(client, replies);
    // The reply of a call is of the type that its method gives: a client uses a sequence number for one method only.
    if (replies.has(sequence)) return replies.get(sequence) as Reply;
    const reply = step();
    replies.set(sequence, reply);
    for (const old of replies.keys()) if (old < floor) replies.delete(old);
    return reply;
  }

  /** Grants the places of these keys. */
  grant(keys: readonly string[]): Move[] {
    return grantAll(this.books, keys, this.clock.now() + this.grantTimeout, newBound());
  }

  /** Something has to be done at an instant: the leader is called where that is sooner than all that he knows of. */
  isDue(instant: number): void {
    if (instant >= this.#knownDue) return;
    this.#knownDue = instant;
    this.call(DUE);
  }

  /** When the next scheduled job is due, or a rate allows one more to start; infinite where neither will be. */
  nextDue(): number {
    return Math.min(byDue(this.books)[0]?.due ?? Number.POSITIVE_INFINITY, ...this.books.timers.values());
  }

  /** The leader is told what is due now. Of schedules that wait, and so stay due, he has been told. */
  tellDue(schedules: readonly number[]): void {
    const now = this.clock.now();
    this.#knownDue = Math.min(this.nextDue(), ...schedules.filter((due) => due > now));
  }

  call(callee: string): void {
    this.#calls.add(callee);
    this.callees.wake(callee);
  }

  async waitForCall(callees: readonly string[], options: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    const isCalled = callees.some((callee) => this.#calls.has(callee));
    const wake = isCalled ? 'woken' : await this.callees.wait(callees, options);
    if (wake === 'woken') for (const callee of callees) this.#calls.delete(callee);
    return wake;
  }

  close(): void {
    this.#isClosed = true;
    this.claimers.close();
    this.callees.close();
    this.watchers.close();
  }
}

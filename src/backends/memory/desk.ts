import type { Move } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import { WingmanError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Books } from './books.ts';
import { grantAll, newBound } from './granting.ts';
import { Waiters } from './waiters.ts';
import { Watching } from './watching.ts';

export interface MemorySettings {
  readonly clock: Clock;
  readonly maxPayload: number;
  /** How long a grant is kept before it may pass to another queue, in milliseconds. */
  readonly grantTimeout: number;
}

/** What those wait for who promote. */
export const DUE = 'due';

/** What every concern of the backend works with: the books, the clock, who waits, and the replies of calls. */
export class Desk {
  readonly books: Books;
  readonly clock: Clock;
  readonly grantTimeout: number;
  /** By queue: those who wait for work. */
  readonly claimers: Waiters;
  /** Those who wait for a job that is due sooner. */
  readonly promoters: Waiters;
  /** By worker: those who wait for cancellations. */
  readonly controls: Waiters;
  /** By watcher: those who wait to be told of jobs. */
  readonly watchers: Waiters;
  readonly watching: Watching;
  readonly #replies = new Map<string, Map<number, unknown>>();
  #isClosed = false;

  constructor({ clock, grantTimeout }: MemorySettings) {
    this.clock = clock;
    this.grantTimeout = grantTimeout;
    this.claimers = new Waiters(clock);
    this.promoters = new Waiters(clock);
    this.controls = new Waiters(clock);
    this.watchers = new Waiters(clock);
    this.watching = new Watching(clock, (watcher) => this.watchers.wake(watcher));
    this.books = new Books(
      (queue) => this.claimers.wake(queue),
      () => this.promoters.wake(DUE),
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

  close(): void {
    this.#isClosed = true;
    this.claimers.close();
    this.promoters.close();
    this.controls.close();
    this.watchers.close();
  }
}

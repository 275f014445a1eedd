import type { QueueLimit } from '../../contract/backend.ts';
import { pausedReason } from '../../core/pause.ts';
import { type Pace, QUEUE_MARK, startsNow } from '../../core/rate.ts';
import type { Connection } from './connection.ts';
import type { Row, Value } from './driver.ts';
import type { Glance } from './glance.ts';
import type { Paces } from './paces.ts';
import { integer, real, text } from './rows.ts';
import { gates, questions } from './statements.ts';

/** What may be claimed: pauses, and the limits of queues, within one transaction. */
export class Gates {
  readonly #connection: Connection;
  readonly #paces: Paces;
  readonly #now: number;
  readonly #glance: Glance;

  constructor(connection: Connection, glance: Glance, paces: Paces, now: number) {
    this.#connection = connection;
    this.#paces = paces;
    this.#now = now;
    this.#glance = glance;
  }

  /** Why jobs of a type are to be parked, or null. */
  pauseOf(type: string): string | null {
    const row = this.#glance.isControlled ? this.#connection.get(gates.paused, 'type', type) : undefined;
    return row === undefined ? null : pausedReason(toText(row.paused_by), toText(row.reason));
  }

  limitOf(queue: string): QueueLimit | null {
    const row = this.#glance.isControlled ? this.#connection.get(gates.limit, queue) : undefined;
    return row === undefined ? null : toLimit(row);
  }

  /** How many jobs of a queue may start now, `most` at most. */
  room(queue: string, most: number): number {
    if (!this.#glance.isControlled) return most;
    if (this.#connection.get(gates.paused, 'queue', queue) !== undefined) return 0;
    const limit = this.limitOf(queue);
    if (limit === null) return most;
    const places = limit.concurrency === null ? most : Math.min(most, limit.concurrency - this.running(queue));
    if (limit.rate === null) return Math.max(0, places);
    return startsNow(this.#paces.spent(QUEUE_MARK + queue), limit.rate, this.#now, places);
  }

  running(queue: string): number {
    return integer(this.#connection.get(gates.running, queue)?.running);
  }

  /** A job of a queue starts. */
  enter(queue: string, sequence: number): void {
    const limit = this.limitOf(queue);
    if (limit === null) return;
    if (limit.concurrency !== null) this.#connection.run(gates.seat, sequence, queue);
    if (limit.rate !== null) this.#paces.spend({ key: QUEUE_MARK + queue, ...limit.rate });
  }

  /** A job does not run any more. Whether somebody may be claimed in its place. */
  leave(sequence: number): boolean {
    return this.#glance.isControlled && this.#connection.run(gates.leave, sequence) > 0;
  }

  /** Where jobs are left and their queue's rate does not allow one to start, somebody must be woken when it does. */
  watch(queue: string): void {
    const rate = this.limitOf(queue)?.rate;
    if (rate === undefined || rate === null) return;
    const key = QUEUE_MARK + queue;
    const at = this.#paces.startsAt({ key, ...rate }, 0);
    if (at > this.#now && this.#connection.get(questions.hasWaiting, queue) !== undefined)
      this.#paces.setTimer(key, at);
  }
}

export function toLimit({ concurrency, burst, pace }: Row): QueueLimit {
  const rate: Pace | null = burst === null ? null : { concurrency: integer(burst), interval: real(pace) };
  return { concurrency: concurrency === null ? null : integer(concurrency), rate };
}

export function toText(value: Value | undefined): string | null {
  return value === null ? null : text(value);
}

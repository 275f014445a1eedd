import type { State } from '../../core/states.ts';
import type { Connection } from './connection.ts';
import type { Counts, Glance } from './glance.ts';
import { integer } from './rows.ts';
import { tallies } from './statements.ts';

/** What is counted over all jobs, so that nobody has to count them. */
type Totals = { -readonly [Name in keyof Counts]: Counts[Name] };

/** What is counted of one queue, and the places of the first and the last job in its list. */
interface Queue {
  waiting: number;
  held: number;
  front: number;
  back: number;
}

/** The counts of the books within one transaction: read when they are needed first, written once, at its end. */
export class Tallies {
  readonly #connection: Connection;
  readonly #queues = new Map<string, Queue>();
  /** A queue is written where a job of it moved, so that each that was ever used is in the books. */
  readonly #moved = new Set<string>();
  readonly #glance: Glance;
  /** As they were read. */
  #counts: Counts | undefined;
  #totals: Totals | undefined;

  constructor(connection: Connection, glance: Glance) {
    this.#connection = connection;
    this.#glance = glance;
  }

  get totals(): Totals {
    if (this.#totals === undefined) {
      this.#counts = this.#glance.counts;
      this.#totals = { ...this.#counts };
    }
    return this.#totals;
  }

  queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      const row = this.#connection.get(tallies.queue, name);
      queue =
        row === undefined
          ? { waiting: 0, held: 0, front: 1, back: 0 }
          : {
              waiting: integer(row.waiting),
              held: integer(row.held),
              front: integer(row.front),
              back: integer(row.back),
            };
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** One job more, or less, in a state. Those that run are not counted here, and those that are kept are by `Kept`. */
  count(queue: string, state: State, by: 1 | -1): void {
    if (state !== 'processing' && state !== 'completed') this.#moved.add(queue);
    switch (state) {
      case 'waiting':
      case 'held':
        this.queue(queue)[state] += by;
        break;
      case 'scheduled':
      case 'failed':
      case 'parked':
      case 'dead':
        this.totals[state] += by;
    }
  }

  /** The next number: enqueued jobs and claims share one count. */
  next(): number {
    this.totals.sequence += 1;
    return this.totals.sequence;
  }

  save(): void {
    if (this.#totals !== undefined && this.#counts !== undefined && differ(this.#totals, this.#counts)) {
      const { sequence, successful, failures, scheduled, failed, parked, dead } = this.#totals;
      this.#connection.run(tallies.saveBooks, sequence, successful, failures, scheduled, failed, parked, dead);
    }
    for (const name of this.#moved) {
      const { waiting, held, front, back } = this.queue(name);
      this.#connection.run(tallies.saveQueue, name, waiting, held, front, back);
    }
  }
}

function differ(one: Counts, other: Counts): boolean {
  return (
    one.sequence !== other.sequence ||
    one.successful !== other.successful ||
    one.failures !== other.failures ||
    one.scheduled !== other.scheduled ||
    one.failed !== other.failed ||
    one.parked !== other.parked ||
    one.dead !== other.dead
  );
}

import { type DeadLetter, GRANT_BUDGET, type Move } from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import { type Failure, KEPT_ATTEMPTS } from '../../core/outcome.ts';
import type { State, TransitionEvent } from '../../core/states.ts';
import type { Connection } from './connection.ts';
import { Places } from './places.ts';
import { type Entry, toEntry } from './rows.ts';
import { failures, questions, transitions } from './statements.ts';
import { Tallies } from './tallies.ts';

/**
 * The books within one transaction: every transition of a job that is in them, with what is counted of it. `save` writes
 * the counts; nothing may be done after it.
 */
export class Books {
  readonly connection: Connection;
  /** The backend's clock, read once. */
  readonly now: number;
  /** Until when a grant that is given now is kept. */
  readonly grantEnds: number;
  readonly tallies: Tallies;
  readonly places: Places;
  /** How many waiting jobs this step may still look at to grant places. */
  looks = GRANT_BUDGET;
  /** The queues that jobs came into. */
  readonly arrived = new Set<string>();

  constructor(connection: Connection, now: number, grantTimeout: number) {
    this.connection = connection;
    this.now = now;
    this.grantEnds = toStored(now + grantTimeout);
    this.tallies = new Tallies(connection);
    this.places = new Places(connection);
  }

  save(): void {
    this.tallies.save();
  }

  find(id: string): Entry | undefined {
    const row = this.connection.get(questions.entry, id);
    return row === undefined ? undefined : toEntry(row);
  }

  /** The job's entry if this claim still owns it. */
  owned({ id, token }: ClaimedJob): Entry | undefined {
    const number = toToken(token);
    const row = number === null ? undefined : this.connection.get(questions.owned, id, number);
    return row === undefined ? undefined : toEntry(row);
  }

  /** Gives a waiting job to a worker. Its locks are another matter. */
  claim(entry: Entry, worker: string, token: number): void {
    this.connection.run(transitions.claim, worker, token, entry.sequence);
    this.#enter(entry, 'processing');
  }

  toFront(entry: Entry): void {
    const queue = this.tallies.queue(entry.queue);
    queue.front -= 1;
    this.#wait(entry, queue.front);
  }

  toBack(entry: Entry): void {
    const queue = this.tallies.queue(entry.queue);
    queue.back += 1;
    this.#wait(entry, queue.back);
  }

  #wait(entry: Entry, position: number): void {
    this.connection.run(transitions.wait, position, entry.sequence);
    this.#enter(entry, 'waiting');
    this.arrived.add(entry.queue);
  }

  hold(entry: Entry, key: string): void {
    this.connection.run(transitions.hold, key, entry.sequence);
    this.#enter(entry, 'held');
    this.places.waitersChanged(key, 1);
  }

  /** Reserves all locks of a job that is held for a key, and puts it before all that have no grant. */
  grant(entry: Entry, key: string): void {
    this.places.waitersChanged(key, -1);
    for (const lock of entry.locks ?? []) this.places.take(entry, lock.key, null);
    this.connection.run(transitions.grant, this.grantEnds, entry.sequence);
    this.#enter(entry, 'waiting');
    this.arrived.add(entry.queue);
  }

  retry(entry: Entry, failure: Failure, delay: number): void {
    const attempt = this.#keepFailure(entry, failure);
    this.connection.run(transitions.retry, toStored(this.now + delay), attempt, entry.sequence);
    this.#enter(entry, 'scheduled');
  }

  fail(entry: Entry, failure: Failure): void {
    const attempt = this.#keepFailure(entry, failure);
    this.connection.run(transitions.fail, this.now, attempt, entry.sequence);
    this.#enter(entry, 'failed');
  }

  #keepFailure({ sequence, attempts, worker }: Entry, failure: Failure): number {
    const attempt = attempts + 1;
    this.connection.run(failures.keep, sequence, attempt, worker, this.now, JSON.stringify(failure));
    if (attempt > KEPT_ATTEMPTS) this.connection.run(failures.dropOld, sequence, attempt - KEPT_ATTEMPTS);
    return attempt;
  }

  park(entry: Entry, reason: string): void {
    this.connection.run(transitions.park, reason, entry.sequence);
    this.#enter(entry, 'parked');
  }

  /** Takes a job from its worker. Until its next transition it is nobody's. */
  disown({ sequence }: Entry, crashes: number): void {
    this.connection.run(transitions.disown, crashes, sequence);
  }

  remove(entry: Entry): void {
    this.connection.run(transitions.remove, entry.sequence);
    if (entry.attempts > 0) this.dropFailures(entry.sequence);
    this.tallies.count(entry.queue, entry.state, -1);
  }

  dropFailures(sequence: number): void {
    this.connection.run(failures.dropOld, sequence, Number.MAX_SAFE_INTEGER);
  }

  /** Moves a job to the dead letters, with its payload as it was found. */
  bury(entry: Entry, reason: DeadLetter['reason']): Move {
    this.connection.run(transitions.bury, reason, this.now, entry.sequence);
    this.tallies.count(entry.queue, 'dead', 1);
    this.remove(entry);
    return move('dead', entry, reason);
  }

  #enter(entry: Entry, state: State): void {
    this.tallies.count(entry.queue, entry.state, -1);
    this.tallies.count(entry.queue, state, 1);
    entry.state = state;
  }
}

export function move(event: TransitionEvent, { id, queue }: Entry, detail?: string): Move {
  return detail === undefined ? { event, id, queue } : { event, id, queue, detail };
}

/** A claim's number from its token, or null for a text that no claim ever had. */
export function toToken(token: string): number | null {
  const number = Number(token);
  return Number.isSafeInteger(number) && String(number) === token ? number : null;
}

/** An instant as a column holds it: whole, and within what a number can count. */
export function toStored(instant: number): number {
  return Math.round(Math.min(Math.max(instant, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
}

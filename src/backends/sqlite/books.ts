import { type DeadLetter, GRANT_BUDGET, type Move } from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import { withoutDeadline } from '../../core/extras.ts';
import type { Keep } from '../../core/keep.ts';
import { CRASHED, type FailedAttempt, type Failure, KEPT_ATTEMPTS } from '../../core/outcome.ts';
import { hasEnded, type State, type TransitionEvent } from '../../core/states.ts';
import type { Connection } from './connection.ts';
import { Gates } from './gates.ts';
import { Glance } from './glance.ts';
import { Kept } from './kept.ts';
import { LIST_FROM } from './lists.ts';
import { positionOf, toStored, toToken } from './numbers.ts';
import { Paces } from './paces.ts';
import { Places } from './places.ts';
import { type Entry, extrasText, integer, textOf, toEntry, toListed } from './rows.ts';
import { cancels, failures, passes, questions, results, transitions, ungranted, uniqueKeys } from './statements.ts';
import { Tallies } from './tallies.ts';
import { Telling } from './telling.ts';

/** One failed attempt, as an outcome tells it. */
export interface Failed extends Pick<FailedAttempt, 'took'> {
  readonly failure: Failure;
}

/**
 * The books within one transaction: every transition of a job that is in them, with what is counted of it. `save` writes
 * the counts; nothing may be done after it.
 */
export class Books {
  readonly connection: Connection;
  readonly glance: Glance;
  /** The backend's clock, read once. */
  readonly now: number;
  /** Until when a grant that is given now is kept. */
  readonly grantEnds: number;
  readonly tallies: Tallies;
  readonly places: Places;
  readonly kept: Kept;
  readonly paces: Paces;
  readonly gates: Gates;
  /** Keys to be granted before this step ends: a rate was used, or a limit has changed. */
  readonly touched = new Set<string>();
  readonly telling: Telling;
  /** How many waiting jobs this step may still look at to grant places. */
  looks = GRANT_BUDGET;
  leftUngranted = false;
  /** The queues that jobs came into. */
  readonly arrived = new Set<string>();

  constructor(connection: Connection, now: number, grantTimeout: number) {
    this.connection = connection;
    this.now = now;
    this.grantEnds = toStored(now + grantTimeout);
    this.glance = new Glance(connection);
    this.tallies = new Tallies(connection, this.glance);
    this.kept = new Kept(connection);
    this.paces = new Paces(connection, now);
    this.gates = new Gates(connection, this.glance, this.paces, now);
    this.places = new Places(connection, this.paces, now, this.touched);
    this.telling = new Telling(connection, this.glance, now);
  }

  save(): void {
    this.tallies.save();
    this.kept.save();
    this.places.save();
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

  /** The same of many claims of one worker. */
  ownedAll(worker: string, jobs: readonly ClaimedJob[]): ReadonlyMap<ClaimedJob, Entry> {
    const rows = this.connection.rows(questions.ownedAll, worker, tokensOf(jobs));
    const entries = new Map(rows.map(toListed).map((entry) => [String(entry.token), entry]));
    const owned = new Map<ClaimedJob, Entry>();
    for (const job of jobs) {
      const entry = entries.get(job.token);
      if (entry?.id === job.id) owned.set(job, entry);
    }
    return owned;
  }

  /** A waiting job now has a worker, which `Claims` writes. Its locks are another matter. */
  claimed(entry: Entry): void {
    if (entry.extras?.unique?.while === 'waiting') this.freeKey(entry);
    this.#enter(entry, 'processing');
  }

  toFront(entry: Entry): void {
    const queue = this.tallies.queue(entry.queue);
    queue.front -= 1;
    this.#wait(entry, positionOf(entry.extras, queue.front));
  }

  toBack(entry: Entry): void {
    const queue = this.tallies.queue(entry.queue);
    queue.back += 1;
    this.#wait(entry, positionOf(entry.extras, queue.back));
  }

  #wait(entry: Entry, position: number): void {
    this.connection.run(transitions.wait, position, entry.sequence);
    this.#enter(entry, 'waiting');
    this.arrived.add(entry.queue);
  }

  hold(entry: Entry, key: string): void {
    const isFirst = !this.places.hasWaiters(key);
    this.connection.run(transitions.hold, key, entry.sequence);
    this.#enter(entry, 'held');
    this.places.waitersChanged(key, 1);
    const lock = entry.locks?.find((one) => one.key === key);
    if (lock !== undefined && this.paces.learn(lock, entry.sequence, isFirst)) this.touched.add(key);
  }

  /** A held job is about to leave the books. Returns the key that it was held for. */
  unhold(entry: Entry): string {
    const key = textOf(this.connection.get(questions.heldFor, entry.sequence)?.held_for);
    this.forgetPasses(entry);
    this.connection.run(transitions.hold, null, entry.sequence);
    this.places.waitersChanged(key, -1);
    return key;
  }

  /** Reserves all locks of a job that is held for a key, and puts it before all that have no grant. */
  grant(entry: Entry, key: string): void {
    this.places.waitersChanged(key, -1);
    for (const lock of entry.locks ?? []) this.places.take(entry, lock, null);
    this.forgetPasses(entry);
    this.connection.run(transitions.grant, this.grantEnds, entry.sequence);
    this.#enter(entry, 'waiting');
    this.arrived.add(entry.queue);
  }

  /** The free places of a key are for a step that comes later to grant. */
  leaveUngranted(key: string): void {
    this.connection.run(ungranted.add, key);
    this.leftUngranted = true;
  }

  /** How often a job that needs several locks came to the head of one while another was full. */
  passes({ sequence }: Entry): number {
    const row = this.connection.get(passes.count, sequence);
    return row === undefined ? 0 : integer(row.times);
  }

  forgetPasses({ sequence, locks }: Entry): void {
    if ((locks?.length ?? 0) > 1) this.connection.run(passes.forget, sequence);
  }

  /** Whether this run of a job is to be cancelled. */
  isToCancel({ sequence, token }: Entry): boolean {
    return this.connection.get(cancels.has, sequence, token) !== undefined;
  }

  retry(entry: Entry, failed: Failed, delay: number): void {
    this.#keepFailure(entry, failed);
    this.connection.run(transitions.retry, toStored(this.now + delay), entry.sequence);
    this.#enter(entry, 'scheduled');
  }

  snooze(entry: Entry, until: number): void {
    this.connection.run(transitions.snooze, toStored(until), entry.sequence);
    this.#enter(entry, 'scheduled');
  }

  fail(entry: Entry, failed: Failed): void {
    this.#keepFailure(entry, failed);
    this.connection.run(transitions.fail, this.now, entry.sequence);
    this.freeKey(entry);
    this.#enter(entry, 'failed');
  }

  /** Keeps a job as failed whose worker vanished too often in a row; no attempt is used. */
  quarantine(entry: Entry, crashes: number): void {
    this.#keepFailure(entry, { failure: CRASHED });
    this.connection.run(transitions.quarantine, this.now, crashes, entry.sequence);
    this.freeKey(entry);
    this.#enter(entry, 'failed');
    this.tallies.totals.failures += 1;
  }

  #keepFailure({ sequence, attempts, failures: before, worker }: Entry, { failure, took }: Failed): void {
    const number = before + 1;
    // `took` is left out of the JSON where it is not known.
    const text = JSON.stringify({ ...failure, took });
    this.connection.run(failures.keep, sequence, number, attempts + 1, worker, this.now, text);
    if (number > KEPT_ATTEMPTS) this.connection.run(failures.dropOld, sequence, number - KEPT_ATTEMPTS);
  }

  /** Keeps a job that has completed. @param result JSON text */
  keep(entry: Entry, rule: Keep, result: string | undefined): void {
    this.connection.run(transitions.keep, this.now, entry.sequence);
    this.freeKey(entry);
    if (result !== undefined) this.connection.run(results.keep, entry.sequence, result);
    this.#enter(entry, 'completed');
    this.kept.add(entry.type, rule);
  }

  /** Gives a failed job a new set of attempts, and frees it of its deadline. */
  retryFailed(entry: Entry): void {
    const queue = this.tallies.queue(entry.queue);
    queue.back += 1;
    this.connection.run(transitions.retryFailed, positionOf(entry.extras, queue.back), entry.sequence);
    if (entry.extras?.deadline !== undefined) {
      this.connection.run(transitions.setExtras, extrasText(withoutDeadline(entry.extras)), entry.sequence);
    }
    this.#enter(entry, 'waiting');
    this.arrived.add(entry.queue);
  }

  park(entry: Entry, reason: string): void {
    this.connection.run(transitions.park, reason, entry.sequence);
    this.#enter(entry, 'parked');
  }

  /** Takes a job from its worker. Until its next transition it is nobody's. */
  disown({ sequence }: Entry, crashes: number): void {
    this.connection.run(transitions.disown, crashes, sequence);
  }

  /**
   * Removes the jobs that a worker has completed, but not those that have anything which must be removed with them. False where
   * there were such: which, nobody can tell any more, and the step must be undone.
   */
  completeAll(worker: string, jobs: readonly ClaimedJob[]): boolean {
    if (this.connection.run(transitions.completeAll, worker, tokensOf(jobs)) < jobs.length) return false;
    for (const job of jobs) {
      this.leave(job);
      this.telling.forget(job.sequence);
    }
    return true;
  }

  /** Removes jobs that have completed. */
  removeAll(entries: readonly Entry[]): void {
    if (entries.length < LIST_FROM) {
      for (const entry of entries) this.remove(entry, 'completed');
      return;
    }
    for (const entry of entries) this.#clear(entry, 'completed');
    this.connection.run(transitions.removeAll, JSON.stringify(entries.map(({ sequence }) => sequence)));
  }

  /** Removes a job, which has ended so. */
  remove(entry: Entry, end: State): void {
    this.#clear(entry, end);
    this.connection.run(transitions.remove, entry.sequence);
  }

  /** Removes all that there is of a job beside its row. */
  #clear(entry: Entry, end: State): void {
    this.telling.end(entry, end);
    this.freeKey(entry);
    this.telling.forget(entry.sequence);
    if (entry.failures > 0) this.dropFailures(entry.sequence);
    if (entry.state === 'completed') {
      this.kept.drop(entry.type);
      this.connection.run(results.drop, entry.sequence);
    }
    if (entry.state === 'processing') this.leave(entry);
    this.tallies.count(entry.queue, entry.state, -1);
  }

  /** Frees the unique key that a job has for itself alone. One whose extras are damaged leaves a key that counts as free. */
  freeKey({ sequence, extras }: Pick<Entry, 'sequence' | 'extras'>): void {
    if (extras?.unique !== undefined) this.connection.run(uniqueKeys.free, sequence);
  }

  dropFailures(sequence: number): void {
    this.connection.run(failures.dropOld, sequence, Number.MAX_SAFE_INTEGER);
  }

  /** Moves a job to the dead letters, with its payload as it was found. */
  bury(entry: Entry, reason: DeadLetter['reason']): Move {
    this.connection.run(transitions.bury, reason, this.now, entry.sequence);
    this.tallies.count(entry.queue, 'dead', 1);
    // A claim does not know whether there are any.
    this.dropFailures(entry.sequence);
    this.remove(entry, 'dead');
    return move('dead', entry, reason);
  }

  /** A job leaves its worker: in a queue with a limit, somebody may be claimed in its place. */
  leave({ sequence, queue }: Pick<Entry, 'sequence' | 'queue'>): void {
    if (this.gates.leave(sequence)) this.arrived.add(queue);
  }

  #enter(entry: Entry, state: State): void {
    if (entry.state === 'processing') this.leave(entry);
    this.tallies.count(entry.queue, entry.state, -1);
    this.tallies.count(entry.queue, state, 1);
    entry.state = state;
    this.telling.tell(entry.id, hasEnded(state));
  }
}

/** Their tokens as JSON; null for a text that no claim ever had. */
function tokensOf(jobs: readonly ClaimedJob[]): string {
  return JSON.stringify(jobs.map(({ token }) => toToken(token)));
}

export function move(event: TransitionEvent, { id, queue }: Entry, detail?: string): Move {
  return detail === undefined ? { event, id, queue } : { event, id, queue, detail };
}

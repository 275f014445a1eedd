import type { Callee, CheckedIn, CheckIn } from '../../contract/backend.ts';
import type { Connection } from './connection.ts';
import type { Value } from './driver.ts';
import { Gates } from './gates.ts';
import { Glance } from './glance.ts';
import { toCancel } from './locking.ts';
import { Paces } from './paces.ts';
import { integer, real } from './rows.ts';
import { due, leader, paces, questions, schedules, ungranted, workers } from './statements.ts';

/** What a worker has been told. */
interface Told {
  readonly types: readonly string[];
  readonly toCancel: ReadonlySet<string>;
  readonly canUnpark: boolean;
}

const NOTHING: Told = { types: [], toCancel: new Set(), canUnpark: false };

/** What the leader knows. */
const NEVER = { due: Number.POSITIVE_INFINITY, schedule: Number.POSITIVE_INFINITY, lease: Number.POSITIVE_INFINITY };

/**
 * Whether those who wait are called to check in. A file keeps no calls: what there is to do is compared with what this handle's check-ins
 * have told, so each piece of news calls once.
 */
export class Calls {
  #known = { ...NEVER, isUngranted: false };
  readonly #told = new Map<string, Told>();

  /** What a process waits for, by name. */
  static of({ worker, leads }: Callee): readonly string[] {
    return [leads ? 'due' : 'vacant', ...(worker === null ? [] : [`worker ${worker}`])];
  }

  isCalled(connection: Connection, name: string, now: number): boolean {
    if (name === 'due') return this.#isDue(connection, now);
    if (name === 'vacant') return connection.get(leader.ends) === undefined;
    const worker = name.slice(name.indexOf(' ') + 1);
    const told = this.#told.get(worker) ?? NOTHING;
    if (toCancel(connection, worker).some((token) => !told.toCancel.has(token))) return true;
    return !told.canUnpark && canUnpark(connection, told.types, now);
  }

  #isDue(connection: Connection, now: number): boolean {
    const { due, schedule, lease, isUngranted } = this.#known;
    if (firstDue(connection) < due || firstSchedule(connection, now) < schedule) return true;
    if (firstIn(connection.get(workers.first)?.lease_ends) < lease) return true;
    return !isUngranted && connection.get(ungranted.any) !== undefined;
  }

  /** A check-in has told all there is. */
  told(connection: Connection, { worker, types }: CheckIn, reply: CheckedIn, now: number): void {
    if (worker !== null) {
      this.#told.set(worker, { types, toCancel: new Set(reply.toCancel), canUnpark: reply.due.unpark !== null });
    }
    if (!reply.leads) return;
    this.#known = {
      due: firstDue(connection),
      // Of those that are due and wait, the leader knows.
      schedule: firstSchedule(connection, now),
      lease: firstIn(connection.get(workers.first)?.lease_ends),
      isUngranted: connection.get(ungranted.any) !== undefined,
    };
  }

  /** A promotion has told when the next job is due. */
  promoted(due: number): void {
    this.#known.due = due;
  }

  forget(worker: string): void {
    this.#told.delete(worker);
  }
}

/** When the first of the scheduled jobs is due, or a rate allows one more to start; infinite where neither will be. */
export function firstDue(connection: Connection): number {
  const timer = connection.get(paces.nextTimer)?.at;
  const first = firstIn(connection.get(questions.nextDue)?.due);
  return timer === undefined ? first : Math.min(first, real(timer));
}

/** When the first recurring schedule is due after an instant; infinite for none. */
export function firstSchedule(connection: Connection, after: number): number {
  return firstIn(connection.get(schedules.nextDue, after)?.due);
}

/** The instant that a question gave; infinite for none. */
export function firstIn(instant: Value | undefined): number {
  return instant === undefined || instant === null ? Number.POSITIVE_INFINITY : integer(instant);
}

/** Whether there are parked jobs of one of these types that is not paused. */
export function canUnpark(connection: Connection, types: readonly string[], now: number): boolean {
  const parked = types.filter((type) => connection.get(due.parked, type) !== undefined);
  if (parked.length === 0) return false;
  const gates = new Gates(connection, new Glance(connection), new Paces(connection, now), now);
  return parked.some((type) => gates.pauseOf(type) === null);
}

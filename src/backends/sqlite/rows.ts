import { isId, type StoredJob } from '../../core/envelope.ts';
import { shown, WingmanError } from '../../core/errors.ts';
import type { Extras } from '../../core/extras.ts';
import type { StoredLock } from '../../core/lock.ts';
import { FINAL_STATES, type State } from '../../core/states.ts';
import type { Row, Value } from './driver.ts';

/** A job that is being moved: what a step must know of it. It is kept up to date as the step goes on. */
export interface Entry {
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  /** Undefined where the stored form is damaged. */
  locks: readonly StoredLock[] | null | undefined;
  state: State;
  /** It waits with its locks reserved. */
  readonly granted: boolean;
  readonly extras: Extras | undefined;
  readonly attempts: number;
  readonly crashes: number;
  /** How many failed attempts it ever had. */
  readonly failures: number;
  readonly worker: string;
  readonly token: number;
}

export type Locks = readonly StoredLock[] | null;

const NO_LOCKS: readonly StoredLock[] = [];

// The columns of a table are STRICT and bounded, so these never fail on a file that SQLite itself has kept.

export function text(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  throw unexpected('text', value);
}

export function integer(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  throw unexpected('a number', value);
}

/** A number that need not be whole. Drivers give a whole one for some columns. */
export function real(value: Value | undefined): number {
  return integer(value);
}

export function bytes(value: Value | undefined): Uint8Array {
  // A blob of no bytes is null in some versions of the drivers.
  if (value === null) return new Uint8Array();
  if (value instanceof Uint8Array) return value;
  throw unexpected('bytes', value);
}

/** A text that was read as a blob. */
export function textOf(value: Value | undefined): string {
  return Buffer.from(bytes(value)).toString();
}

function unexpected(expected: string, value: Value | undefined): WingmanError {
  const message = `the SQLite file is damaged: a column that holds ${expected} has a value of type ${typeof value}`;
  return new WingmanError('WINGMAN_BACKEND_FAILED', message);
}

export function toEntry(row: Row): Entry {
  return {
    sequence: integer(row.sequence),
    id: text(row.id),
    type: text(row.type),
    queue: text(row.queue),
    locks: parseLocks(row.locks),
    extras: parseExtras(row.extras),
    state: toState(text(row.state)),
    granted: row.lane === 0,
    attempts: integer(row.attempts),
    crashes: integer(row.crashes),
    failures: integer(row.failures),
    worker: row.worker === null ? '' : text(row.worker),
    token: row.token === null ? 0 : integer(row.token),
  };
}

/** The same of a row that was read as an array. */
export function toListed(row: readonly Value[]): Entry {
  const [sequence = null, id = null, type = null, queue = null, locks = null, extras = null, state = null, ...counts] =
    row;
  const [lane = null, attempts = null, crashes = null, failures = null, worker = null, token = null] = counts;
  const where = { state, lane, worker, token };
  return toEntry({ sequence, id, type, queue, locks, extras, attempts, crashes, failures, ...where });
}

/** The envelope in a row, or why it is none. */
export function toJob(row: Row, locks = parseLocks(row.locks), extras = parseExtras(row.extras)): StoredJob | string {
  const id = text(row.id);
  if (!isId(id)) return `its id is damaged: ${shown(id)}`;
  if (locks === undefined) return `its locks are damaged: ${shown(row.locks)}`;
  const job = {
    id,
    type: text(row.type),
    queue: text(row.queue),
    payload: text(row.payload),
    locks,
    attempts: integer(row.attempts),
    crashes: integer(row.crashes),
    sequence: integer(row.sequence),
    enqueuedAt: integer(row.enqueued_at),
  };
  return row.extras === null ? job : { ...job, extras: extras ?? {} };
}

const STATES: readonly State[] = ['waiting', 'scheduled', 'held', 'parked', 'processing', 'failed', 'completed'];

/** How a job ended that is in the books no more. */
export function toEndState(value: string): State {
  const state = FINAL_STATES.find((name) => name === value);
  if (state !== undefined) return state;
  return toState(value);
}

export function toState(value: string): State {
  const state = STATES.find((name) => name === value);
  if (state === undefined) throw unexpected('a state', value);
  return state;
}

/** The text of locks as `parseLocks` reads it. */
export function lockText(locks: Locks): string | null {
  if (locks === null) return null;
  // An interval that is undefined is left out.
  const fields = locks.map(({ key, concurrency, interval }) => ({ key, concurrency, interval }));
  return locks.length === 0 ? '[]' : JSON.stringify(fields);
}

/** The text of extras as `parseExtras` reads it. */
export function extrasText(extras: Extras | undefined): string | null {
  return extras === undefined ? null : JSON.stringify(extras);
}

/** What is damaged says nothing. */
export function parseExtras(value: Value | undefined): Extras | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const extras: unknown = JSON.parse(value);
    return typeof extras === 'object' && extras !== null ? extras : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for what `lockText` never gives. */
export function parseLocks(value: Value | undefined): Locks | undefined {
  if (value === null) return null;
  if (value === '[]') return NO_LOCKS;
  if (typeof value !== 'string') return undefined;
  try {
    const locks: unknown = JSON.parse(value);
    return Array.isArray(locks) && locks.every(isLock) ? locks : undefined;
  } catch {
    return undefined;
  }
}

function isLock(value: unknown): value is StoredLock {
  if (typeof value !== 'object' || value === null) return false;
  if (!['undefined', 'number'].includes(typeof Reflect.get(value, 'interval'))) return false;
  return typeof Reflect.get(value, 'key') === 'string' && Number.isSafeInteger(Reflect.get(value, 'concurrency'));
}

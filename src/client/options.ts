import { type Duration, toMilliseconds } from '../core/duration.ts';
import type { Due, NewJob } from '../core/envelope.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { EXTRAS, type ExtrasOptions } from '../core/extras.ts';
import { checkNames } from '../core/options.ts';
import type { UniqueOptions } from '../core/unique.ts';

/** When jobs may run first: at once when both are left out. At most one may be given. */
export interface ScheduleOptions {
  /** How long to wait, from the moment when the backend takes the job. */
  readonly delay?: Duration;
  /** The instant from which on it may run; one that has passed means at once. */
  readonly runAt?: Date;
}

/** What holds for one job as well as for many. */
export interface ManyOptions extends ScheduleOptions, ExtrasOptions {
  /**
   * `replicated`: resolve only when another server has the job as well, so that a failover does not lose it. Where that is not
   * so within a second, the enqueue rejects with `WINGMAN_NOT_REPLICATED`; the job is enqueued nevertheless. When left out,
   * the job is as durable as the store's own settings make it.
   */
  readonly durability?: Durability;
}

export interface EnqueueOptions extends ManyOptions {
  /**
   * An id of your own, 1 to 128 of the characters `A-Z a-z 0-9 _ ~ . : -`. A job whose id is known already changes nothing,
   * so an enqueue that may have failed can be repeated. When left out, a new one that sorts by time.
   */
  readonly id?: string;
  /** Which other jobs of its type it must not stand beside, in the stead of the type's own rule; false for none. */
  readonly unique?: UniqueOptions | false;
}

/** On how many other servers a job must be, and how long to wait for them. */
export type Durability = 'replicated' | { readonly replicas: number; readonly timeout?: Duration };

/** The same, read: `timeout` in milliseconds. */
export interface Replication {
  readonly replicas: number;
  readonly timeout: number;
}

/**
 * Reads a durability; null for the store's own.
 * @throws InvalidOptionError
 */
export function replicasOf(durability: Durability | undefined): Replication | null {
  if (durability === undefined) return null;
  if (durability === 'replicated') return { replicas: 1, timeout: REPLICATION_TIMEOUT };
  if (typeof durability !== 'object' || durability === null) throw invalidDurability(durability);
  const { replicas, timeout } = durability;
  if (!Number.isSafeInteger(replicas) || replicas < 1) throw invalidDurability(durability);
  return {
    replicas,
    timeout: timeout === undefined ? REPLICATION_TIMEOUT : toMilliseconds(timeout, 'durability.timeout'),
  };
}

const REPLICATION_TIMEOUT = 1_000;

function invalidDurability(durability: unknown): InvalidOptionError {
  const expected = "'replicated', or { replicas, timeout } with a whole number of at least 1 replica";
  return new InvalidOptionError('durability', expected, durability);
}

/**
 * Reads when a job is due; undefined for at once.
 * @throws InvalidOptionError
 */
export function dueOf({ delay, runAt }: ScheduleOptions): Due | undefined {
  if (delay !== undefined && runAt !== undefined) {
    throw new InvalidOptionError('runAt', 'left out where delay is given: a job has one due time', runAt);
  }
  if (delay !== undefined) return { in: toMilliseconds(delay, 'delay') };
  if (runAt === undefined) return undefined;
  if (!(runAt instanceof Date) || Number.isNaN(runAt.getTime())) {
    throw new InvalidOptionError('runAt', 'a valid Date', runAt instanceof Date ? String(runAt) : runAt);
  }
  return { at: runAt.getTime() };
}

/**
 * Refuses a job that is due only when it must have ended: it could do nothing but fail. Where one of the two is counted from the
 * enqueue and the other is an instant, only the backend's clock could tell.
 * @throws InvalidOptionError
 */
export function checkInTime({ due, extras: { deadline } = {} }: Pick<NewJob, 'due' | 'extras'>): void {
  if (due === undefined || deadline === undefined) return;
  const isLate =
    ('in' in due && 'in' in deadline && due.in >= deadline.in) ||
    ('at' in due && 'at' in deadline && due.at >= deadline.at);
  if (isLate) throw new InvalidOptionError('deadline', 'later than the instant at which the job is due', deadline);
}

const NONE: EnqueueOptions = {};
const ENQUEUE_OPTIONS = ['delay', 'runAt', 'id', 'durability', 'unique', ...EXTRAS] as const;

/** @throws InvalidOptionError for anything but an object of known names; the values are checked where they are used */
export function enqueueOptions(options?: unknown): EnqueueOptions {
  if (options === undefined) return NONE;
  checkNames(options, ENQUEUE_OPTIONS, 'options');
  return options;
}

/** As `enqueueOptions`, where an id makes no sense. */
export function manyOptions(options: unknown = {}): ManyOptions {
  checkNames(options, ['delay', 'runAt', 'durability', ...EXTRAS], 'options');
  return options;
}

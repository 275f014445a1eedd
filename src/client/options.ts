import { type Duration, toMilliseconds } from '../core/duration.ts';
import type { Due } from '../core/envelope.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { checkNames } from '../core/options.ts';

/** When jobs may run first: at once when both are left out. At most one may be given. */
export interface ScheduleOptions {
  /** How long to wait, from the moment when the backend takes the job. */
  readonly delay?: Duration;
  /** The instant from which on it may run; one that has passed means at once. */
  readonly runAt?: Date;
}

export interface EnqueueOptions extends ScheduleOptions {
  /**
   * An id of your own, 1 to 128 of the characters `A-Z a-z 0-9 _ ~ . : -`. A job whose id is known already changes nothing,
   * so an enqueue that may have failed can be repeated. When left out, a new one that sorts by time.
   */
  readonly id?: string;
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

/** @throws InvalidOptionError for anything but an object of known names; the values are checked where they are used */
export function enqueueOptions(options: unknown = {}): EnqueueOptions {
  checkNames(options, ['delay', 'runAt', 'id'], 'options');
  return options;
}

/** As `enqueueOptions`, where an id makes no sense. */
export function scheduleOptions(options: unknown = {}): ScheduleOptions {
  checkNames(options, ['delay', 'runAt'], 'options');
  return options;
}

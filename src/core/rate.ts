import { type Duration, toMilliseconds } from './duration.ts';
import { InvalidOptionError, shown, WingmanError } from './errors.ts';
import { checkKey, type StoredLock } from './lock.ts';
import { checkNames } from './options.ts';

/**
 * How often jobs with this key may start, over all queues and managers, by the backend's clock: `limit` in each `per`, evenly
 * spaced; after a pause up to `burst` at once. So in any stretch of time t at most `burst + t × limit / per` start: with a burst
 * of 1 never more than `limit` in any `per`. (GCRA, the leaky bucket of ITU-T I.371.)
 */
export interface Rate {
  readonly key: string;
  /** A whole number of at least 1. */
  readonly limit: number;
  readonly per: Duration;
  /** A whole number of at least 1; 1 when left out. */
  readonly burst?: number;
}

/** What a job type's `rate` gives: one rate, several (the job starts when all allow it), or nothing. */
export type Rates = Rate | readonly Rate[] | null | undefined;

/**
 * A rate is stored as a lock of this kind: `concurrency` places, of which one comes free each `interval`, whatever becomes of
 * the jobs. Its key begins with a mark that no lock key may have, and which sorts behind all of them: a job that is passed
 * over too often then waits for its rates, which always come free, with its locks in hand, and never the other way round.
 */
export const RATE_MARK = '\uFFFF';

/** Stands before a queue's name where the rate of a whole queue is meant. */
export const QUEUE_MARK = '\uFFFE';

/** What a stored key is of. */
export function readKey(key: string): { readonly kind: 'lock' | 'rate' | 'queue'; readonly name: string } {
  if (key.startsWith(RATE_MARK)) return { kind: 'rate', name: key.slice(1) };
  if (key.startsWith(QUEUE_MARK)) return { kind: 'queue', name: key.slice(1) };
  return { kind: 'lock', name: key };
}

/**
 * Checks rates and puts them in the form that is stored, sorted by key.
 * @throws InvalidOptionError for a key, a limit, a time or a burst that makes no sense
 * @throws WingmanError `WINGMAN_JOB_INVALID` for the same key twice with different rates
 */
export function normalizeRates(rates: Rates): readonly StoredLock[] {
  if (rates === null || rates === undefined) return [];
  const byKey = new Map<string, StoredLock>();
  for (const rate of isList(rates) ? rates : [rates]) {
    const stored = toStored(rate);
    const other = byKey.get(stored.key);
    if (other !== undefined && (other.concurrency !== stored.concurrency || other.interval !== stored.interval)) {
      const message = `rate key ${shown(rate.key)} is asked for twice, with different rates`;
      throw new WingmanError('WINGMAN_JOB_INVALID', message);
    }
    byKey.set(stored.key, stored);
  }
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function toStored(rate: unknown): StoredLock {
  if (typeof rate !== 'object' || rate === null) {
    throw new InvalidOptionError('rate', 'an object { key, limit, per, burst }, a list of them, or nothing', rate);
  }
  checkNames(rate, ['key', 'limit', 'per', 'burst'], 'rate');
  const key = checkKey(Reflect.get(rate, 'key'), 'rate.key');
  return { key: RATE_MARK + key, ...paceOf(rate) };
}

/** How often something may start, as it is stored. */
export type Pace = Pick<StoredLock, 'concurrency'> & { readonly interval: number };

/**
 * Reads `{ limit, per, burst }`.
 * @throws InvalidOptionError
 */
export function paceOf(rate: object): Pace {
  const limit = wholeNumber(Reflect.get(rate, 'limit'), 'rate.limit');
  const burst: unknown = Reflect.get(rate, 'burst');
  const per: unknown = Reflect.get(rate, 'per');
  if (typeof per !== 'number' && typeof per !== 'string') throw invalidPer(per);
  const milliseconds = toMilliseconds(per, 'rate.per');
  if (milliseconds === 0) throw invalidPer(per);
  return {
    concurrency: burst === undefined ? 1 : wholeNumber(burst, 'rate.burst'),
    // To the microsecond, and never faster than asked.
    interval: Math.ceil((milliseconds / limit) * 1000) / 1000,
  };
}

function invalidPer(per: unknown): InvalidOptionError {
  return new InvalidOptionError('rate.per', "a time such as '1 minute', longer than 0", per);
}

function wholeNumber(value: unknown, option: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidOptionError(option, 'a whole number of at least 1', value);
}

function isList(rates: Rate | readonly Rate[]): rates is readonly Rate[] {
  return Array.isArray(rates);
}

/**
 * The instant from which on one more job may start. `spent` is the instant at which all that has started will be made up for
 * (the theoretical arrival time), `reserved` how many places are kept for jobs that have not started yet.
 */
export function startsAt(spent: number, { concurrency, interval }: Pace, reserved: number, now: number): number {
  const free = concurrency - 1 - reserved;
  if (free < 0) return Number.POSITIVE_INFINITY;
  // A clock that was set back must not stop a key for as long as it jumped.
  return Math.min(spent, now + concurrency * interval) - free * interval;
}

/** How many may start now, `most` at most. */
export function startsNow(spent: number, pace: Pace, now: number, most: number): number {
  let starts = 0;
  for (let then = spent; starts < most && startsAt(then, pace, 0, now) <= now; starts += 1)
    then = spentBy(then, pace, now);
  return starts;
}

/** `spent` after one more start. */
export function spentBy(spent: number, { concurrency, interval }: Pace, now: number): number {
  return Math.max(now, Math.min(spent, now + concurrency * interval)) + interval;
}

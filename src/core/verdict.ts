import { type Duration, toMilliseconds } from './duration.ts';
import type { Due } from './envelope.ts';
import { InvalidOptionError } from './errors.ts';
import { checkKey } from './lock.ts';
import { checkNames } from './options.ts';

// Registered, not local: a handler's module may have loaded another copy of this package.
const VERDICT: unique symbol = Symbol.for('wingmanjs.verdict') as never;

/** What a handler says of its own attempt by throwing: that no other can do better, or when to come back. */
export type Verdict =
  | { readonly kind: 'fail' }
  | { readonly kind: 'later'; readonly due: Due }
  /** `key`: a rate key; null for all that the job has. */
  | { readonly kind: 'limited'; readonly key: string | null; readonly due: Due };

/** Thrown by a handler: the job fails at once, whatever attempts are left. A `cause` is kept with it. */
export class Fail extends Error {
  readonly [VERDICT]: Verdict = { kind: 'fail' };

  override get name(): string {
    return 'Fail';
  }
}

/** Thrown by a handler: the job runs again at an instant, and this run uses no attempt. */
export class RetryAt extends Error {
  readonly [VERDICT]: Verdict;

  /** @throws InvalidOptionError for anything but a valid Date */
  constructor(at: Date, message = `to be tried again at ${shownDate(at)}`) {
    super(message);
    if (!(at instanceof Date) || Number.isNaN(at.getTime())) {
      throw new InvalidOptionError('at', 'a valid Date', at instanceof Date ? String(at) : at);
    }
    this[VERDICT] = { kind: 'later', due: { at: at.getTime() } };
  }

  override get name(): string {
    return 'RetryAt';
  }
}

/** Thrown by a handler: the job runs again after a while, and this run uses no attempt. */
export class Snooze extends Error {
  readonly [VERDICT]: Verdict;

  /** @throws InvalidOptionError for a duration that is negative, not finite, or none */
  constructor(duration: Duration, message = `to be tried again in ${String(duration)}`) {
    super(message);
    this[VERDICT] = { kind: 'later', due: { in: toMilliseconds(duration, 'duration') } };
  }

  override get name(): string {
    return 'Snooze';
  }
}

/** What `RateLimited` needs: which rate key is to rest, and until when. */
export interface RateLimit {
  /** All rate keys of the job when left out. */
  readonly key?: string;
  /** The instant from which on jobs with this key may start again. One of `until` and `for` must be given. */
  readonly until?: Date;
  /** For how long none may start. */
  readonly for?: Duration;
}

/**
 * Thrown by a handler whose API says that it has had enough (429): no job with this rate key starts before then, on any
 * manager, and this one runs again then. It uses no attempt.
 */
export class RateLimited extends Error {
  readonly [VERDICT]: Verdict;

  /** @throws InvalidOptionError */
  constructor(limit: RateLimit, message = 'the rate limit was met') {
    super(message);
    checkNames(limit, ['key', 'until', 'for'], 'limit');
    const key = limit.key === undefined ? null : checkKey(limit.key, 'key');
    this[VERDICT] = { kind: 'limited', key, due: restOf(limit) };
  }

  override get name(): string {
    return 'RateLimited';
  }
}

/**
 * Until when a rate key is to rest.
 * @throws InvalidOptionError
 */
export function restOf({ until, for: duration }: Omit<RateLimit, 'key'>): Due {
  if ((until === undefined) === (duration === undefined)) {
    throw new InvalidOptionError('until', 'given where for is not, and only then', until);
  }
  if (duration !== undefined) return { in: toMilliseconds(duration, 'for') };
  if (!(until instanceof Date) || Number.isNaN(until.getTime())) {
    throw new InvalidOptionError('until', 'a valid Date', until instanceof Date ? String(until) : until);
  }
  return { at: until.getTime() };
}

/** The verdict in what a handler threw, or null. */
export function verdictOf(thrown: unknown): Verdict | null {
  if (!(thrown instanceof Error)) return null;
  const verdict: unknown = Reflect.get(thrown, VERDICT);
  return isVerdict(verdict) ? verdict : null;
}

function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== 'object' || value === null) return false;
  const kind: unknown = Reflect.get(value, 'kind');
  return kind === 'fail' || ((kind === 'later' || kind === 'limited') && typeof Reflect.get(value, 'due') === 'object');
}

function shownDate(at: unknown): string {
  return at instanceof Date && !Number.isNaN(at.getTime()) ? at.toISOString() : 'no instant';
}

// Pauses, and the limits of queues: what an operator tells all managers.
import {
  type Backend,
  type Pause,
  type PauseReason,
  type PauseTarget,
  type QueueLimitView,
  SWEEP_BUDGET,
} from '../contract/backend.ts';
import type { Caller } from '../contract/call.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { checkQueue, checkType } from '../core/job.ts';
import { checkNames } from '../core/options.ts';
import { paceOf, type Rate } from '../core/rate.ts';

/** Who lets a queue or a type rest, and why: what others are told who ask why a job waits. */
export interface PauseOptions {
  readonly by?: string;
  readonly reason?: string;
}

/** A queue or a type that rests. */
export type PauseInfo = PauseTarget & { readonly by?: string; readonly reason?: string; readonly at: Date };

/** How many jobs of a queue may run at once, over all managers, and how often one may start. */
export interface QueueLimitOptions {
  /** A whole number of at least 1. */
  readonly concurrency?: number;
  /** See `Rate`. */
  readonly rate?: Omit<Rate, 'key'>;
}

/** A queue with a limit, and how it stands. */
export interface QueueLimitInfo {
  readonly queue: string;
  readonly concurrency?: number;
  /** How many of its jobs run now, where concurrency has a limit. */
  readonly running?: number;
  /** One job each `every` milliseconds, and `burst` at once after a pause. */
  readonly rate?: { readonly every: number; readonly burst: number };
  /** From when on its rate allows one more job to start; left out where it does so now. */
  readonly startsAt?: Date;
}

const LONGEST_TEXT = 1_000;

/**
 * Lets a queue, or a job type, rest.
 * @throws InvalidOptionError
 */
export async function pause(
  backend: Backend,
  caller: Caller,
  target: PauseTarget,
  options: PauseOptions = {},
): Promise<void> {
  const checked = checkTarget(target);
  const why = checkReason(options);
  await caller.call((call) => backend.controls.pause(call, checked, why));
}

/**
 * Who pauses something, and why, checked.
 * @throws InvalidOptionError
 */
export function checkReason(options: PauseOptions): PauseReason {
  checkNames(options, ['by', 'reason'], 'options');
  return { by: textOf(options.by, 'by'), reason: textOf(options.reason, 'reason') };
}

/**
 * Ends the rest of a queue or a job type, and brings back what was parked meanwhile. Whether there was one.
 * @throws InvalidOptionError
 */
export async function resume(backend: Backend, caller: Caller, target: PauseTarget): Promise<boolean> {
  const checked = checkTarget(target);
  const wasPaused = await caller.call((call) => backend.controls.resume(call, checked));
  // Its managers would do so within a second: they need not be waited for.
  if ('type' in checked) while ((await backend.unpark([checked.type], SWEEP_BUDGET)).more);
  return wasPaused;
}

export async function pauses(backend: Backend): Promise<readonly PauseInfo[]> {
  return (await backend.controls.pauses()).map(toPause);
}

export function toPause({ by, reason, at, ...target }: Pause): PauseInfo {
  return { ...target, at: new Date(at), ...(by !== null && { by }), ...(reason !== null && { reason }) };
}

/**
 * Limits a queue over all managers, from the next claim on; null ends that.
 * @throws InvalidOptionError
 */
export async function limitQueue(
  backend: Backend,
  caller: Caller,
  queue: string,
  limit: QueueLimitOptions | null,
): Promise<void> {
  const name = checkQueue(queue);
  const checked = limit === null ? null : checkLimit(limit);
  await caller.call((call) => backend.controls.limitQueue(call, name, checked));
}

export async function queueLimits(backend: Backend): Promise<readonly QueueLimitInfo[]> {
  const [limits, now] = await Promise.all([backend.controls.queueLimits(), backend.now()]);
  return limits.map((limit) => toLimit(limit, now));
}

function toLimit({ queue, concurrency, rate, running, startsAt }: QueueLimitView, now: number): QueueLimitInfo {
  return {
    queue,
    ...(concurrency !== null && { concurrency, running }),
    ...(rate !== null && { rate: { every: rate.interval, burst: rate.concurrency } }),
    ...(startsAt !== null && startsAt > now && { startsAt: new Date(startsAt) }),
  };
}

function checkLimit(limit: QueueLimitOptions) {
  checkNames(limit, ['concurrency', 'rate'], 'limit');
  const { concurrency, rate } = limit;
  if (concurrency === undefined && rate === undefined) {
    throw new InvalidOptionError('limit', 'an object with a concurrency, a rate, or both; null for no limit', limit);
  }
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    const expected = 'a whole number of at least 1; to let nothing run, pause the queue';
    throw new InvalidOptionError('limit.concurrency', expected, concurrency);
  }
  if (rate !== undefined) checkNames(rate, ['limit', 'per', 'burst'], 'limit.rate');
  return { concurrency: concurrency ?? null, rate: rate === undefined ? null : paceOf(rate) };
}

function checkTarget(target: PauseTarget): PauseTarget {
  checkNames(target, ['queue', 'type'], 'target');
  const given = Object.entries(target).filter(([, name]) => name !== undefined);
  const [first] = given;
  if (given.length !== 1 || first === undefined) {
    throw new InvalidOptionError('target', 'either { queue } or { type }', target);
  }
  return first[0] === 'queue' ? { queue: checkQueue(first[1]) } : { type: checkType(first[1]) };
}

function textOf(value: unknown, option: string): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT && !value.includes('\0')) return value;
  throw new InvalidOptionError(option, `text of 1 to ${LONGEST_TEXT} characters`, value);
}

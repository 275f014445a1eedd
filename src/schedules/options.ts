import { type Duration, toMilliseconds } from '../core/duration.ts';
import { wrap } from '../core/envelope.ts';
import { messageOf, shown, WingmanError } from '../core/errors.ts';
import { isDefinition, type Job } from '../core/job.ts';
import { checkNames } from '../core/options.ts';
import type { Overlap, Schedule, ScheduledJob, Timing } from '../core/schedule.ts';
import type { CatchUp } from '../core/ticks.ts';
import { isTimezone } from './cron.ts';
import { ticksOf } from './timing.ts';

interface CommonOptions {
  /** What to run: `sendReport.job(input)`. Its input is validated when the schedule is written, and again before each run. */
  readonly job: Job;
  /** No tick is before it. Those of `every` are counted from it; from 1970 when left out. */
  readonly start?: Date;
  /** No tick is after it. */
  readonly end?: Date;
  /**
   * What becomes of ticks that were missed, since no manager ran: `latest` (when left out) runs the newest of them, `none` runs it
   * unless it is more than a minute late, `{ all: n }` runs the newest `n` (100 at most), one after another.
   */
  readonly catchUp?: CatchUp;
  /**
   * What becomes of a tick while the job of the one before has not ended: `allow` (when left out) runs both, `skip` drops it, `wait`
   * waits until then; those that come meanwhile are caught up as if they had been missed.
   */
  readonly overlap?: Overlap;
}

interface CronOptions extends CommonOptions {
  /**
   * Five fields, or six with the seconds first, as `0 2 * * *` or `0 9 * * MON-FRI`; or `@daily` and the like. Where the clocks
   * change, a tick at given times of the day comes exactly once.
   */
  readonly cron: string;
  /** As `Europe/Berlin`; `UTC` when left out, wherever the managers run. */
  readonly timezone?: string;
  readonly every?: undefined;
}

interface EveryOptions extends CommonOptions {
  /** A length of time of at least a second: `30s`. */
  readonly every: Duration;
  readonly cron?: undefined;
  readonly timezone?: undefined;
}

/** When a job is to run again and again, and how. */
export type RecurringOptions = CronOptions | EveryOptions;

/** A schedule whose options have been checked; but for the input of its job, which is when it is written. */
export interface CheckedSchedule extends Pick<Schedule, 'timing' | 'catchUp' | 'overlap'> {
  readonly name: string;
  readonly job: Job;
}

const KNOWN = ['cron', 'timezone', 'every', 'start', 'end', 'catchUp', 'overlap', 'job'];
const SHORTEST = 1_000;
const MOST_CAUGHT_UP = 100;

// An id of a job has it, and the instant of the tick.
const NAME = /^[\w~.:-]{1,100}$/;

/**
 * A schedule's name, checked.
 * @throws WingmanError `WINGMAN_SCHEDULE_INVALID`
 */
export function checkName(name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  const expected = 'a schedule needs a name of 1 to 100 of the characters A-Z a-z 0-9 _ ~ . : -';
  throw new WingmanError('WINGMAN_SCHEDULE_INVALID', `${expected}; received ${shown(name)}`);
}

/**
 * Checks all but the input of the job.
 * @throws WingmanError `WINGMAN_SCHEDULE_INVALID`; InvalidOptionError for an option that is not known
 */
export function checkSchedule(name: string, options: RecurringOptions): CheckedSchedule {
  checkName(name);
  checkNames(options, KNOWN, `schedule '${name}'`);
  const timing = timingOf(name, options);
  checkTicks(name, timing);
  const { job, catchUp = 'latest', overlap = 'allow' } = options;
  const type: unknown = job?.definition?.type;
  if (!isDefinition(job?.definition) || type !== job.type) {
    const found = typeof job?.type === 'string' ? `a job of the unknown type ${shown(job.type)}` : shown(job);
    throw invalid(name, `job must be made by a definition, as in sendReport.job(input); received ${found}`);
  }
  return { name, timing, catchUp: checkCatchUp(name, catchUp), overlap: checkOverlap(name, overlap), job };
}

/**
 * The job of a schedule in the form in which it is stored.
 * @throws WingmanError as enqueueing it would
 */
export async function prepareJob({ name, job }: CheckedSchedule, maxPayload: number): Promise<ScheduledJob> {
  const { id: _, due: __, ...prepared } = await wrap(job, name, maxPayload);
  return prepared;
}

export function invalid(name: string, what: string): WingmanError {
  return new WingmanError('WINGMAN_SCHEDULE_INVALID', `schedule '${name}': ${what}`);
}

function timingOf(name: string, options: RecurringOptions): Timing {
  const { cron, timezone, every } = options;
  const start = instantOf(name, 'start', options.start);
  const end = instantOf(name, 'end', options.end);
  const span = { ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
  if (start !== undefined && end !== undefined && end < start) {
    throw invalid(name, `end must not be before start; received ${shown(options.end)} and ${shown(options.start)}`);
  }
  if ((cron === undefined) === (every === undefined)) {
    throw invalid(name, `it needs either cron or every; received ${shown({ cron, every })}`);
  }
  if (cron !== undefined) {
    const zone = timezone ?? 'UTC';
    if (isTimezone(zone)) return { cron, timezone: zone, ...span };
    throw invalid(name, `timezone must be the name of one, as 'Europe/Berlin'; received ${shown(zone)}`);
  }
  if (timezone !== undefined) {
    throw invalid(name, `timezone must be left out beside every, which counts time; received ${shown(timezone)}`);
  }
  return { every: lengthOf(name, every), ...span };
}

function lengthOf(name: string, every: Duration): number {
  let length: number;
  try {
    length = toMilliseconds(every, 'every');
  } catch (error) {
    throw invalid(name, messageOf(error));
  }
  if (length >= SHORTEST) return length;
  throw invalid(name, `every must be at least a second; received ${shown(every)}`);
}

function instantOf(name: string, option: string, date: unknown): number | undefined {
  if (date === undefined) return undefined;
  if (date instanceof Date && !Number.isNaN(date.getTime())) return date.getTime();
  const received = date instanceof Date ? String(date) : shown(date);
  throw invalid(name, `${option} must be a valid Date; received ${received}`);
}

/** By a schedule that never fires somebody waits in vain. */
function checkTicks(name: string, timing: Timing): void {
  let first: number | null;
  try {
    first = ticksOf(timing)((timing.start ?? 0) - 1);
  } catch (error) {
    throw invalid(name, `cron: ${messageOf(error)}; received ${shown('cron' in timing ? timing.cron : timing)}`);
  }
  if (first !== null) return;
  const why = timing.end === undefined ? 'no such day or time comes' : 'no tick is between its start and its end';
  throw invalid(name, `it would never fire: ${why}; received ${shown('cron' in timing ? timing.cron : timing)}`);
}

function checkCatchUp(name: string, catchUp: unknown): CatchUp {
  if (catchUp === 'none' || catchUp === 'latest') return catchUp;
  const all: unknown = typeof catchUp === 'object' && catchUp !== null ? Reflect.get(catchUp, 'all') : undefined;
  if (typeof all === 'number' && Number.isSafeInteger(all) && all >= 1 && all <= MOST_CAUGHT_UP) return { all };
  const expected = `'none', 'latest', or { all: n } with n from 1 to ${MOST_CAUGHT_UP}`;
  throw invalid(name, `catchUp must be ${expected}; received ${shown(catchUp)}`);
}

function checkOverlap(name: string, overlap: unknown): Overlap {
  if (overlap === 'allow' || overlap === 'skip' || overlap === 'wait') return overlap;
  throw invalid(name, `overlap must be 'allow', 'skip' or 'wait'; received ${shown(overlap)}`);
}

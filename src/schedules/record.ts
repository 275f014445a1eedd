import type { StoredSchedule } from '../contract/backend.ts';
import { WingmanError } from '../core/errors.ts';
import type { Schedule } from '../core/schedule.ts';

/** The text in which a store keeps a schedule. The order is always the same, so that equal schedules are equal texts. */
export function encodeSchedule({ timing, catchUp, overlap, job, declaredBy, paused, last }: Schedule): string {
  return JSON.stringify({ timing, catchUp, overlap, job, declaredBy, paused, last });
}

/**
 * Reads a stored schedule.
 * @throws WingmanError `WINGMAN_SCHEDULE_DAMAGED`
 */
export function decodeSchedule({ name, text }: StoredSchedule): Schedule {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (isSchedule(value)) return value;
  const hint = 'remove it, or write it anew';
  throw new WingmanError('WINGMAN_SCHEDULE_DAMAGED', `the stored schedule '${name}' is damaged: ${hint}`);
}

/** Whatever a schedule has done since, it is still declared as before. */
export function isDeclaredAs(schedule: Schedule, other: Schedule): boolean {
  const declared = (each: Schedule): string => encodeSchedule({ ...each, paused: null, last: null });
  return declared(schedule) === declared(other);
}

export function hasTimingOf({ timing }: Schedule, other: Schedule): boolean {
  return JSON.stringify(timing) === JSON.stringify(other.timing);
}

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isInstant: Test = (value) => Number.isSafeInteger(value);
const orNull =
  (test: Test): Test =>
  (value) =>
    value === null || test(value);
const optional =
  (test: Test): Test =>
  (value) =>
    value === undefined || test(value);
const object =
  (fields: Readonly<Record<string, Test>>): Test =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, test]) => test(Reflect.get(value, name)));
const either =
  (...tests: readonly Test[]): Test =>
  (value) =>
    tests.some((test) => test(value));
const oneOf =
  (...words: readonly unknown[]): Test =>
  (value) =>
    words.includes(value);

const span = { start: optional(isInstant), end: optional(isInstant) };
const isLock = object({ key: isText });

const isStored = object({
  timing: either(object({ cron: isText, timezone: isText, ...span }), object({ every: isInstant, ...span })),
  catchUp: either(oneOf('none', 'latest'), object({ all: isInstant })),
  overlap: oneOf('allow', 'skip', 'wait'),
  job: object({
    type: isText,
    queue: isText,
    payload: isText,
    locks: orNull((locks) => Array.isArray(locks) && locks.every(isLock)),
    extras: optional((extras) => typeof extras === 'object' && extras !== null),
  }),
  declaredBy: orNull(isText),
  paused: orNull(object({ at: isInstant, by: orNull(isText), reason: orNull(isText) })),
  last: orNull(object({ tick: isInstant, job: isText })),
});

function isSchedule(value: unknown): value is Schedule {
  return isStored(value);
}

import type { Backend } from '../contract/backend.ts';
import { InvalidOptionError, WingmanError } from '../core/errors.ts';
import { type Actor, findSchedule, upsertSchedule } from './acts.ts';
import { type CheckedSchedule, checkSchedule, type RecurringOptions } from './options.ts';

// A registered symbol: a worker module may have loaded another copy of this package.
const SCHEDULES: unique symbol = Symbol.for('wingmanjs.schedules') as never;

/** The schedules that an application declares in its code. Made by `defineSchedules`. */
export interface ScheduleSet {
  readonly [SCHEDULES]: true;
  /** Whose they are. */
  readonly owner: string;
  readonly schedules: readonly CheckedSchedule[];
}

/** What declaring schedules did, by their names. */
export interface Declared {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  /** Of those that were changed: who had declared them before. */
  readonly takenOver: readonly { readonly name: string; readonly from: string }[];
  /**
   * Which this owner had declared before, and does not any more: they go on until somebody removes them, since an older version of
   * the application may still run.
   */
  readonly orphaned: readonly string[];
}

/** How many names are asked for at once. */
const STEP = 100;

/**
 * Schedules that live in an application's code: a manager writes them when it starts (`new Manager({ schedules })`), or an
 * application does (`wingman.schedules.declare(schedules)`).
 * @param owner names the application: what it declared before, and does not any more, is reported
 * @throws WingmanError `WINGMAN_SCHEDULE_INVALID`; InvalidOptionError
 */
export function defineSchedules(owner: string, schedules: Readonly<Record<string, RecurringOptions>>): ScheduleSet {
  if (typeof owner !== 'string' || owner === '' || owner.length > 100) {
    throw new InvalidOptionError('owner', 'text of 1 to 100 characters', owner);
  }
  if (typeof schedules !== 'object' || schedules === null) {
    throw new InvalidOptionError('schedules', 'an object of schedules by their names', schedules);
  }
  const checked = Object.entries(schedules).map(([name, options]) => checkSchedule(name, options));
  return Object.freeze({ [SCHEDULES]: true as const, owner, schedules: checked });
}

/** Whether a value was made by `defineSchedules`. */
export function isScheduleSet(value: unknown): value is ScheduleSet {
  return typeof value === 'object' && value !== null && Reflect.get(value, SCHEDULES) === true;
}

/**
 * Writes the schedules of a set where they are not as it says, and looks for those that its owner does not declare any more.
 * @throws WingmanError as enqueueing their jobs would
 */
export async function declareSchedules(actor: Actor, set: ScheduleSet): Promise<Declared> {
  if (!isScheduleSet(set)) throw new InvalidOptionError('schedules', 'made by defineSchedules', set);
  const { owner, schedules } = set;
  const names = { created: [] as string[], changed: [] as string[], unchanged: [] as string[] };
  const takenOver: { name: string; from: string }[] = [];
  for (const checked of schedules) {
    const { did, before } = await upsertSchedule(actor, checked, owner);
    const from = before?.declaredBy ?? null;
    names[did].push(checked.name);
    if (did === 'changed' && from !== null && from !== owner) takenOver.push({ name: checked.name, from });
  }
  const declared = new Set(schedules.map(({ name }) => name));
  const orphaned: string[] = [];
  for await (const name of allNames(actor.backend)) {
    if (!declared.has(name) && (await ownerOf(actor.backend, name)) === owner) orphaned.push(name);
  }
  return { ...names, takenOver, orphaned };
}

/** In steps: a name that comes or goes meanwhile may be missed. */
async function* allNames(backend: Backend): AsyncGenerator<string> {
  for (let offset = 0; ; offset += STEP) {
    const names = await backend.schedules.names(offset, STEP);
    yield* names;
    if (names.length < STEP) return;
  }
}

async function ownerOf(backend: Backend, name: string): Promise<string | null> {
  try {
    return (await findSchedule(backend, name))?.schedule.declaredBy ?? null;
  } catch (error) {
    // Whose it is, nobody can tell.
    if (error instanceof WingmanError && error.code === 'WINGMAN_SCHEDULE_DAMAGED') return null;
    throw error;
  }
}

import type { Backend, StoredSchedule } from '../contract/backend.ts';
import type { Caller } from '../contract/call.ts';
import type { NewJob } from '../core/envelope.ts';
import { BackendError, shown, WingmanError } from '../core/errors.ts';
import type { Schedule } from '../core/schedule.ts';
import { type CheckedSchedule, checkName, prepareJob } from './options.ts';
import { decodeSchedule, encodeSchedule, hasTimingOf, isDeclaredAs } from './record.ts';
import { ticksOf } from './timing.ts';

/** Whose acts these are. */
export interface Actor {
  readonly backend: Backend;
  readonly caller: Caller;
}

/** A schedule as it stands. */
export interface Standing {
  readonly name: string;
  /** The next tick; null where it is paused, or has ended. */
  readonly next: number | null;
  readonly schedule: Schedule;
}

/** What an upsert did. */
export type Upserted = 'created' | 'changed' | 'unchanged';

interface Upsert {
  readonly standing: Standing;
  readonly did: Upserted;
  /** As it was before; null where there was none, or where it could not be read. */
  readonly before: Schedule | null;
}

/** How often a change is tried anew that somebody else's was faster than. */
const TRIES = 20;

/**
 * Writes a schedule as its options say. Where they say what is written already, nothing is done; where only its ticks stay the
 * same, the next one is where it was. A pause stays.
 * @throws WingmanError as enqueueing its job would
 */
export async function upsertSchedule(
  { backend, caller }: Actor,
  checked: CheckedSchedule,
  declaredBy: string | null,
): Promise<Upsert> {
  const { name, timing, catchUp, overlap } = checked;
  const job = await prepareJob(checked, backend.maxPayload);
  const fresh: Schedule = { timing, catchUp, overlap, job, declaredBy, paused: null, last: null };
  return persevere(name, async () => {
    const found = await backend.schedules.find(name);
    const before = found === null ? null : decodeOrNull(found);
    if (found !== null && before !== null && isDeclaredAs(before, fresh)) {
      return { standing: { name, next: found.due, schedule: before }, did: 'unchanged', before };
    }
    const schedule: Schedule = { ...fresh, paused: before?.paused ?? null, last: before?.last ?? null };
    const isOnTime = before !== null && hasTimingOf(before, fresh);
    const next = isOnTime ? (found?.due ?? null) : await nextOf(backend, schedule);
    const replaces = found?.version ?? null;
    const text = encodeSchedule(schedule);
    const { version } = await caller.call((call) => backend.schedules.write(call, { name, due: next, text, replaces }));
    if (version === null) return null;
    return { standing: { name, next, schedule }, did: found === null ? 'created' : 'changed', before };
  });
}

/** The schedule of this name, or null. */
export async function findSchedule(backend: Backend, name: string): Promise<Standing | null> {
  const found = await backend.schedules.find(checkName(name));
  return found === null ? null : { name, next: found.due, schedule: decodeSchedule(found) };
}

/**
 * Stops a schedule until it is resumed. One that is paused already stays so.
 * @throws WingmanError `WINGMAN_SCHEDULE_NOT_FOUND`
 */
export function pauseSchedule(
  actor: Actor,
  name: string,
  { by = null, reason = null }: { readonly by?: string | null; readonly reason?: string | null },
): Promise<Standing> {
  return change(actor, name, (schedule, now) =>
    schedule.paused === null ? { ...schedule, paused: { at: now, by, reason } } : null,
  );
}

/**
 * Lets a schedule go on with its next tick; those that passed while it was paused are not caught up.
 * @throws WingmanError `WINGMAN_SCHEDULE_NOT_FOUND`
 */
export function resumeSchedule(actor: Actor, name: string): Promise<Standing> {
  return change(actor, name, (schedule) => (schedule.paused === null ? null : { ...schedule, paused: null }));
}

/**
 * Enqueues the job of a schedule now, beside its ticks, paused or not.
 * @throws WingmanError `WINGMAN_SCHEDULE_NOT_FOUND`
 */
export async function runSchedule({ backend, caller }: Actor, name: string, id: string): Promise<NewJob> {
  const { schedule } = (await findSchedule(backend, name)) ?? notFound(name);
  const job = jobOf(name, schedule, await backend.now(), id);
  await caller.call((call) => backend.enqueue(call, [job]));
  return job;
}

/**
 * Removes a schedule. The jobs that it made stay.
 * @throws WingmanError `WINGMAN_SCHEDULE_NOT_FOUND`
 */
export async function removeSchedule({ backend, caller }: Actor, name: string): Promise<void> {
  checkName(name);
  if (!(await caller.call((call) => backend.schedules.remove(call, name)))) notFound(name);
}

/** The job that a schedule makes for a tick. */
export function jobOf(name: string, { job }: Schedule, tick: number, id = tickId(name, tick)): NewJob {
  return { ...job, id, extras: { ...job.extras, schedule: { name, tick } } };
}

/** As `nightly:2026-03-29T01:00:00.000Z`: two jobs for one tick are one. */
function tickId(name: string, tick: number): string {
  return `${name}:${new Date(tick).toISOString()}`;
}

async function change(
  { backend, caller }: Actor,
  name: string,
  decide: (schedule: Schedule, now: number) => Schedule | null,
): Promise<Standing> {
  checkName(name);
  return persevere(name, async () => {
    const found = (await backend.schedules.find(name)) ?? notFound(name);
    const before = decodeSchedule(found);
    const schedule = decide(before, await backend.now());
    if (schedule === null) return { name, next: found.due, schedule: before };
    const next = await nextOf(backend, schedule);
    const text = encodeSchedule(schedule);
    const { version } = await caller.call((call) =>
      backend.schedules.write(call, { name, due: next, text, replaces: found.version }),
    );
    return version === null ? null : { name, next, schedule };
  });
}

/** Tries until nobody else has changed the schedule meanwhile. */
async function persevere<Done>(name: string, attempt: () => Promise<Done | null>): Promise<Done> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const done = await attempt();
    if (done !== null) return done;
  }
  const message = `schedule '${name}' was changed by others ${TRIES} times while it was to be changed: try again`;
  throw new BackendError('WINGMAN_BACKEND_BUSY', message, 'not done', { isTransient: true });
}

/** The first tick from now on. */
async function nextOf(backend: Backend, { timing, paused }: Schedule): Promise<number | null> {
  return paused === null ? ticksOf(timing)(await backend.now()) : null;
}

function decodeOrNull(found: StoredSchedule): Schedule | null {
  try {
    return decodeSchedule(found);
  } catch {
    return null;
  }
}

function notFound(name: string): never {
  throw new WingmanError('WINGMAN_SCHEDULE_NOT_FOUND', `there is no schedule ${shown(name)}`);
}

/**
 * Who owned what, and when, as far as histories can prove it.
 *
 * A run owns its job, and with it a place of each of the job's lock keys, from the claim in the store to the settle in the
 * store, or until a sweep takes it away because its worker's lease has ended. Neither instant is in any history: processes see
 * when a call returned, never when it took effect. So a run is credited only with a time in which it must have owned its job,
 * and two such times that overlap are a violation for certain. That makes the check sound: what it reports has happened.
 *
 * - A handler starts after its claim took effect. So `start` is a safe beginning, if the run owned its job then.
 * - A settle that the store took proves that the run owned its job all along, since each claim has a token of its own and the
 *   store compares it. The settle was sent after the handler ended, or after its signal aborted: the earlier one is a safe end.
 * - A run without such a settle may have lost its job at any instant at which its lease may have ended. If the loss was told
 *   (by a sweep, by the worker, by the store, or since its process is dead), the safe end is the last instant up to which the
 *   store itself said that the lease holds; a lease is never shortened but by its own worker, which aborts its handlers first.
 * - A run without a settle whose loss nobody has told is held to have owned its job while its handler ran: this is what makes
 *   an overlap without a recorded loss a violation.
 *
 * So two handlers may run side by side with one place between them only where a loss of one of them is on record, and not
 * before the store itself would have let it happen.
 */
import type { JobStory, Run, Story } from './story.ts';

/** From and to, in microseconds. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** What a store may have forgotten: all that took effect in such a time may be undone, and was where the store says so. */
export type Undone = readonly Interval[];

/** The time in which a run must have owned its job, or null where there is none. */
export function ownership(run: Run, story: Story, undone: Undone): Interval | null {
  const handlerEnd = Math.min(run.end?.at ?? Number.POSITIVE_INFINITY, run.aborted ?? Number.POSITIVE_INFINITY);
  const last = story.events.at(-1)?.at ?? run.start;
  let to = Math.min(handlerEnd, run.settled?.at ?? last);
  if (run.settled === null && isLossTold(run, story)) {
    to = Math.min(to, story.workers.get(run.worker)?.until ?? run.start);
  }
  // A claim that the store forgot ended with the store.
  for (const window of undone) {
    if (run.start >= window.from && run.start <= window.to) to = Math.min(to, window.to);
  }
  return to > run.start ? { from: run.start, to } : null;
}

/** How long it may take until somebody tells of what has happened, in microseconds: the observer looks now and then. */
const TELLING = 2_000_000;

/**
 * Whether it is on record that the run's job was taken from it, or that its worker has no lease any more.
 * @param by what has happened after this instant does not count
 */
export function isLossTold(run: Run, { jobs, workers, exits }: Story, by = Number.POSITIVE_INFINITY): boolean {
  const { id, worker, process, start } = run;
  const told = [
    ...(jobs.get(id)?.taken ?? []).filter((event) => event.worker === worker && event.at >= start).map(({ at }) => at),
    workers.get(worker)?.gone,
    exits.get(process),
  ];
  return told.some((at) => typeof at === 'number' && at <= by + TELLING);
}

/** Whether what this run's settle did may have been forgotten. */
export function isSettleUndone({ start, settled, end }: Run, undone: Undone): boolean {
  if (settled === null) return false;
  const sent = end?.at ?? start;
  return undone.some(({ from, to }) => settled.at >= from && sent <= to);
}

/** Whether the run may be followed by another one, from `next` on: it did not end its job, or its loss is on record. */
export function mayRunAgain(run: Run, next: number, story: Story, undone: Undone): boolean {
  if (run.settled !== null) {
    const isAgain = ['retrying', 'snoozed', 'released', 'parked'].includes(run.settled.outcome);
    return isAgain || isSettleUndone(run, undone);
  }
  const isClaimUndone = undone.some(({ from, to }) => run.start >= from && run.start <= to);
  return isClaimUndone || isLossTold(run, story, next);
}

/** A time in which more than `limit` of the intervals overlap, with those that do; or null. */
export function crowd<Owned extends Interval>(owned: readonly Owned[], limit: number): Owned[] | null {
  const starts = [...owned].sort((a, b) => a.from - b.from);
  let open: Owned[] = [];
  for (const interval of starts) {
    open = open.filter(({ to }) => to > interval.from);
    open.push(interval);
    if (open.length > limit) return open;
  }
  return null;
}

/** Each lock key with the jobs that need it. */
export function jobsByKey({ jobs }: Story): Map<string, JobStory[]> {
  const byKey = new Map<string, JobStory[]>();
  for (const job of jobs.values()) {
    const key = job.enqueue?.key ?? null;
    if (key === null) continue;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [job]);
    else known.push(job);
  }
  return byKey;
}

import type { Overlap } from '../core/schedule.ts';
import type { CatchUp } from '../core/ticks.ts';
import type { Standing } from './acts.ts';

/** A recurring schedule as it stands, for people and programs that look. */
export interface ScheduleInfo {
  readonly name: string;
  readonly cron?: string;
  readonly timezone?: string;
  /** Milliseconds. */
  readonly every?: number;
  readonly start?: Date;
  readonly end?: Date;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  /** Of the jobs that it makes. */
  readonly type: string;
  readonly queue: string;
  readonly input: unknown;
  /** The next tick; left out where it is paused, or has ended. */
  readonly next?: Date;
  /** The newest tick that was fired, and the id of its job. */
  readonly last?: { readonly tick: Date; readonly job: string };
  readonly paused?: { readonly at: Date; readonly by?: string; readonly reason?: string };
  /** Who declares it in code. */
  readonly declaredBy?: string;
}

export function scheduleInfo({ name, next, schedule }: Standing): ScheduleInfo {
  const { timing, catchUp, overlap, job, last, paused, declaredBy } = schedule;
  const { start, end, ...rhythm } = timing;
  return {
    name,
    ...rhythm,
    ...(start !== undefined && { start: new Date(start) }),
    ...(end !== undefined && { end: new Date(end) }),
    ...{ catchUp, overlap, type: job.type, queue: job.queue, input: inputOf(job.payload) },
    ...(next !== null && { next: new Date(next) }),
    ...(last !== null && { last: { tick: new Date(last.tick), job: last.job } }),
    ...(paused !== null && {
      paused: {
        at: new Date(paused.at),
        ...(paused.by !== null && { by: paused.by }),
        ...(paused.reason !== null && { reason: paused.reason }),
      },
    }),
    ...(declaredBy !== null && { declaredBy }),
  };
}

/** As it was given; the stored text itself where that is damaged. */
function inputOf(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}

// Recurring schedules, as a store keeps them. What they say is nothing to it: it knows their names and when they are due.
import type { NewJob } from '../core/envelope.ts';
import type { Call } from './call.ts';
import type { Move } from './move.ts';
import type { Enqueued } from './uniqueness.ts';

export interface StoredSchedule {
  readonly name: string;
  /** Names this state of the schedule. Each write gives another, and none comes twice. */
  readonly version: number;
  /** When it has something to do next, or null: it is paused, or has ended. */
  readonly due: number | null;
  /** All else. No backend ever reads it. */
  readonly text: string;
}

export interface ScheduleWrite extends Omit<StoredSchedule, 'version'> {
  /** The version that it must have; null where there must be none of this name. */
  readonly replaces: number | null;
  /** A job to enqueue in the same step. */
  readonly job?: NewJob;
}

export interface ScheduleWritten {
  /** The version from now on; null where nothing was done, since the schedule is not as `replaces` says. */
  readonly version: number | null;
  /** What became of the job; null without one, and where nothing was done. */
  readonly job: Enqueued | null;
  /** Of other jobs, where it replaced one. */
  readonly moves: readonly Move[];
}

export interface DueSchedules {
  /** By when they were due, then by name. */
  readonly names: readonly string[];
  /** The instant of this look, by the store's clock. */
  readonly now: number;
  /** When the next one is due that is not due yet; null where there is none. */
  readonly next: number | null;
}

export interface ScheduleStore {
  /** The schedule of this name, or null. */
  find(name: string): Promise<StoredSchedule | null>;
  /** Their names, sorted, from `offset` on, `limit` at most. */
  names(offset: number, limit: number): Promise<readonly string[]>;
  /** Those that are due, from `offset` on, `limit` at most. */
  due(offset: number, limit: number): Promise<DueSchedules>;
  /**
   * Writes a schedule if it still is as its writer found it, and enqueues a job in the same step. Of several who believe that
   * it is on them to fire a tick one does; and no crash can come between the tick that is done with and its job.
   */
  write(call: Call, write: ScheduleWrite): Promise<ScheduleWritten>;
  /** Removes a schedule; the jobs that it made stay. False where there is none of this name. */
  remove(call: Call, name: string): Promise<boolean>;
}

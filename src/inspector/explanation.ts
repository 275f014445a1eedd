import type { State } from '../core/states.ts';
import type { PauseInfo } from './controls.ts';
import type { FailedRun } from './jobs.ts';

/** Who has a place of a lock key. */
export interface HolderInfo {
  readonly id: string;
  /** Left out where the place is kept for a job that has not started yet. */
  readonly worker?: string;
  /** Until when the job is that worker's, unless it renews its lease. */
  readonly leaseEnds?: Date;
}

/** One reason why a job is where it is. */
export type Reason =
  /** A lock key is full. `ahead`: how many have waited for it longer. */
  | {
      readonly why: 'lock';
      readonly key: string;
      readonly limit: number;
      readonly taken: number;
      /** The first ten by id. */
      readonly holders: readonly HolderInfo[];
      readonly ahead: Ahead;
    }
  /** A rate key allows no more before an instant; `paused`: since a handler has stopped it. */
  | {
      readonly why: 'rate';
      readonly key: string;
      /** Left out where a place is kept for another job, which has to start first. */
      readonly startsAt?: Date;
      readonly isPaused: boolean;
      readonly ahead: Ahead;
    }
  | { readonly why: 'queue paused'; readonly queue: string; readonly pause: PauseInfo }
  | { readonly why: 'type paused'; readonly type: string; readonly pause: PauseInfo }
  /** As many jobs of its queue run as may. */
  | { readonly why: 'queue full'; readonly queue: string; readonly limit: number; readonly running: number }
  | { readonly why: 'queue rate'; readonly queue: string; readonly startsAt: Date }
  | { readonly why: 'no manager takes the queue'; readonly queue: string; readonly managers: number }
  | { readonly why: 'no manager knows the type'; readonly type: string; readonly managers: number }
  /** Others come up before it. */
  | { readonly why: 'in line'; readonly queue: string; readonly ahead: Ahead }
  | { readonly why: 'retry'; readonly at: Date; readonly attempt: number; readonly error?: FailedRun }
  | { readonly why: 'not due'; readonly at: Date }
  | { readonly why: 'running'; readonly worker: string; readonly leaseEnds?: Date; readonly attempt: number }
  | { readonly why: 'parked'; readonly reason: string }
  | { readonly why: 'failed'; readonly at?: Date; readonly error?: FailedRun }
  | { readonly why: 'completed'; readonly at?: Date };

/** How many jobs come before it; with `isMore`, at least so many. */
export interface Ahead {
  readonly count: number;
  readonly isMore: boolean;
}

/** Why a job is where it is, for people and for programs. */
export interface Explanation {
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly state: State;
  /** All of `reasons` in one sentence. */
  readonly sentence: string;
  /** What keeps it there, the most telling first; never empty. */
  readonly reasons: readonly Reason[];
}

import type { NewJob } from './envelope.ts';
import type { CatchUp } from './ticks.ts';

/** When a recurring schedule has its ticks. Instants are milliseconds since the epoch. */
export type Timing = ({ readonly cron: string; readonly timezone: string } | { readonly every: number }) & {
  /** No tick is before it; those of `every` are counted from it, else from the epoch. */
  readonly start?: number;
  /** No tick is after it. */
  readonly end?: number;
};

/**
 * What becomes of a tick while the job of the one before has not ended: both run (`allow`), it is dropped (`skip`), or it waits
 * until then (`wait`), and those that come meanwhile are caught up as if they had been missed.
 */
export type Overlap = 'allow' | 'skip' | 'wait';

/** A job that is made again at each tick, under another id. */
export type ScheduledJob = Omit<NewJob, 'id' | 'due'>;

/** All that a recurring schedule says, beside its name and when it is due. */
export interface Schedule {
  readonly timing: Timing;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  readonly job: ScheduledJob;
  /** Who declares it in code; null where nobody does. */
  readonly declaredBy: string | null;
  readonly paused: Pause | null;
  /** The newest tick that was fired, and the job that it made. */
  readonly last: { readonly tick: number; readonly job: string } | null;
}

export interface Pause {
  /** Since when. */
  readonly at: number;
  readonly by: string | null;
  readonly reason: string | null;
}

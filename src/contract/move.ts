import type { TransitionEvent } from '../core/states.ts';

/** One transition that a step caused to a job that its caller did not name: a job held, granted, promoted, reclaimed, … */
export interface Move {
  readonly event: TransitionEvent;
  readonly id: string;
  readonly queue: string;
  /** The lock key of `held` and `granted`, the reason of `dead`, the worker of `reclaimed` and `quarantined`. */
  readonly detail?: string;
}

// What an operator, or a handler, tells all managers at once: to let a queue or a type rest, and how fast things may go.
import type { Due } from '../core/envelope.ts';
import type { Pace } from '../core/rate.ts';
import type { Call } from './call.ts';

/** What rests: a queue, or all jobs of a type. */
export type PauseTarget = { readonly queue: string } | { readonly type: string };

export interface PauseReason {
  /** Who asked for it; null where that was not said. */
  readonly by: string | null;
  readonly reason: string | null;
}

export type Pause = PauseTarget & PauseReason & { readonly at: number };

/** What holds for a queue over all managers; null for no such limit. */
export interface QueueLimit {
  /** How many of its jobs may run at once. */
  readonly concurrency: number | null;
  /** How often one of its jobs may start. */
  readonly rate: Pace | null;
}

/** A queue's limit, and what there is of it just now. */
export interface QueueLimitView extends QueueLimit {
  readonly queue: string;
  /** How many of its jobs run; 0 where concurrency has no limit. */
  readonly running: number;
  /** From when on its rate allows one more to start; null where it has none. */
  readonly startsAt: number | null;
}

export interface RateView {
  /** How many places are kept for jobs that have not started yet. */
  readonly reserved: number;
  /** The instant at which all that has started will be made up for: see core/rate.ts. */
  readonly spent: number;
  /** Until when a handler has stopped this key; null where none has. */
  readonly pausedUntil: number | null;
  /** When its next place comes free for those who wait for it; null where nobody waits, or that is not by time. */
  readonly next: number | null;
}

export interface ControlBackend {
  /**
   * No job of this queue or type is claimed from now on, by anybody. Of a queue they stay where they are; of a type those
   * that come up are parked. What runs goes on. A second call replaces who and why.
   */
  pause(call: Call, target: PauseTarget, why: PauseReason): Promise<void>;
  /** Ends a pause, and wakes claimers. False where there was none. What a type's pause has parked is `unpark`'s. */
  resume(call: Call, target: PauseTarget): Promise<boolean>;
  /** All pauses, queues first, by name. */
  pauses(): Promise<readonly Pause[]>;
  /**
   * How many jobs of a queue may run at once, and how often one may start, from the next claim on. What runs already counts.
   * Null for no limit any more.
   */
  limitQueue(call: Call, queue: string, limit: QueueLimit | null): Promise<void>;
  /** By name. */
  queueLimits(): Promise<readonly QueueLimitView[]>;
  /** No job with this rate key starts before `until`. An earlier instant than one that was told before changes nothing. */
  pauseRate(call: Call, key: string, until: Due): Promise<void>;
  /** How a rate key stands. */
  rate(key: string): Promise<RateView>;
}

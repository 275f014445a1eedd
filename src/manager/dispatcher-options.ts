import type { Backend, Settlement, Takes } from '../contract/backend.ts';
import type { ClaimedJob } from '../core/envelope.ts';
import type { BusyPoll } from '../runtime/busy-poll.ts';
import type { Run } from './runs.ts';

export interface DispatcherOptions {
  readonly backend: Backend;
  /** The order in which the next claim looks at the queues. */
  readonly queueOrder: () => readonly string[];
  readonly concurrency: number;
  /** Told to those who ask why a job waits. */
  readonly takes: Takes;
  /** Milliseconds. */
  readonly lease: number;
  /** Null where answers are slept for. */
  readonly busyPoll: BusyPoll | null;
  /** Told when it has a lease under a new name. */
  readonly joined: () => void;
  /** Told when that lease has ended: what ran is dropped. */
  readonly lost: (worker: string, jobs: readonly ClaimedJob[]) => void;
  /** Told of a result that the backend refused: the run no longer owned its job. */
  readonly stale: (settlement: Settlement) => void;
  /** Runs what was claimed at this time, by the backend's clock, and tells it once how it ended, maybe before it returns. Never throws. */
  readonly execute: (run: Run, now: number) => void;
}

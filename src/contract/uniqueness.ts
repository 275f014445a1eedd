// Jobs of which one stands at a time: what becomes of an enqueue, and who stands for a key.
import type { Call } from './call.ts';
import type { Move } from './move.ts';

/**
 * What became of a job that was to be enqueued. `duplicate`: its id is in the books already, or stands for its key. Else its key
 * was taken.
 */
export type Enqueued = 'enqueued' | 'duplicate' | Conflict;

export interface Conflict {
  /**
   * `replaced`: the job that stood was cancelled, and this one is enqueued. Otherwise it is not: `extended` where the one that
   * stands was put off, or has its key for longer; `rejected` where that was asked for; `kept` in all other cases.
   */
  readonly outcome: 'kept' | 'replaced' | 'extended' | 'rejected';
  /** Of `replaced` the job that went, else the one that stands. */
  readonly id: string;
  /** The queue of that job. */
  readonly queue: string;
}

export interface EnqueueReply {
  /** One for each job, in order. */
  readonly results: readonly Enqueued[];
  /** The grants of places that jobs had which were replaced; not told again to a call that is repeated. */
  readonly moves: readonly Move[];
}

/** The job that has a unique key. */
export interface Standing {
  readonly id: string;
  readonly queue: string;
  /** Until which instant, where the key is taken for a time: the job may have ended, and be gone. */
  readonly until?: number;
}

/**
 * Unique keys, each of one job type. A key that is taken while its job waits, or until it is done, belongs to that job alone: it
 * comes free in the very step in which the job is claimed, or ends, or goes. One whose job is not in the books is free as well.
 */
export interface UniqueKeys {
  /** Who has a key of a type now, or null. */
  standing(type: string, key: string): Promise<Standing | null>;
  /**
   * Frees a key that is taken for a time, before that is up. False where nobody has it, or a job has it of its own: that one has
   * to be cancelled, or there would be two.
   */
  release(call: Call, type: string, key: string): Promise<boolean>;
}

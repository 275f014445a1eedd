// What an operator may do to jobs, beside the life that they lead by themselves.
import type { Call } from './call.ts';
import type { Counters } from './inspect.ts';
import type { Move } from './move.ts';

export interface CancelReply {
  /**
   * `asked`: it runs; its worker is told, and it is cancelled unless that run completes it or fails it for good. `failed` and
   * `completed` are states in which a job is not cancelled; `unknown`: no such job.
   */
  readonly result: 'cancelled' | 'asked' | 'failed' | 'completed' | 'unknown';
  readonly moves: readonly Move[];
}

/**
 * For each id: done, or not, since the job is not in a state for that, or not in the books. A failed job is not retried either
 * where it was to be unique until done, and another one stands for its key by now.
 */
export type Acted<Done extends string> = Done | 'refused' | 'unknown';

export interface OperateBackend {
  /**
   * Removes a job that neither runs nor has ended; the places reserved for it come free and are granted. One that runs is
   * marked: its worker is called to check in, and told then, and wherever it would wait again, it is cancelled instead.
   */
  cancel(call: Call, id: string): Promise<CancelReply>;
  /**
   * Moves failed jobs to the backs of their queues, with no attempt used, no crash counted, and no deadline any more: who asks for
   * that wants them to run. What failed before is kept.
   */
  retryFailed(call: Call, ids: readonly string[]): Promise<readonly Acted<'retried'>[]>;
  /** Removes failed jobs, and completed ones that were kept. */
  discard(call: Call, ids: readonly string[]): Promise<readonly Acted<'discarded'>[]>;
  /** Adds to a counter. */
  increment(call: Call, counter: keyof Counters, by: number): Promise<void>;
}

import type { defineJob, JobDefinition } from '../../../src/index.ts';

/** What a handler does beside its work. */
export type Deed =
  | 'return'
  | 'throw'
  /** Blocks the event loop. */
  | 'block'
  /** Never settles, and does not listen to its signal. */
  | 'hang'
  /** Kills its process before the work is done, or after it and before the settle. */
  | 'die'
  | 'die-late'
  /** Leaves a promise that rejects, and goes on. */
  | 'reject';

export interface Work {
  /** The lock key, and how many of its jobs may run at once. */
  readonly key: string | null;
  readonly limit: number;
  /** Milliseconds until the work is done; for `block`, how long it blocks. */
  readonly takes: number;
  readonly deed: Deed;
  /** How many of its runs do the deed; the others return. */
  readonly times: number;
}

export const QUEUE: string;
export const ATTEMPTS: number;
export const TIMEOUT: number;
export const RETRY_DELAY: number;

export interface Jobs {
  readonly plain: JobDefinition<Work>;
  readonly limited: JobDefinition<Work>;
}

export function defineJobs(define: typeof defineJob): Jobs;

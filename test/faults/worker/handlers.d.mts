import type { defineJob, Handler } from '../../../src/index.ts';
import type { History } from '../history/history.mjs';

export interface HandlerOptions {
  readonly defineJob: typeof defineJob;
  readonly history: History;
  /** The name under which the manager claims now. */
  readonly worker: () => string | null;
  /** Waits until the work is done. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** Kills the process. */
  readonly die: () => Promise<never>;
  /** Where runs that misbehave are counted, over all processes. */
  readonly folder: string;
}

export function makeHandlers(options: HandlerOptions): Handler[];

import type { BackendName, Stage } from './stage/stage.ts';

/** `short` is for every run of the tests; `full` is for the scorecard. */
export type Form = 'short' | 'full';

export interface Scenario {
  readonly name: string;
  readonly backends: readonly BackendName[];
  /** Words of the redis-server's command line. */
  readonly redis: readonly string[];
  /** Milliseconds until all must have ended after the last fault. */
  readonly patience: number;
  /** Milliseconds from the kill of a worker until its jobs start elsewhere, at most: p99, in the full form. */
  readonly recovery: number | null;
  /** Bytes of the disk on which the store is; null for the machine's own. */
  readonly disk: number | null;
  /** Why it cannot be played here, or null. */
  readonly skip: string | null;
  run(stage: Stage, form: Form): Promise<void>;
}

interface Definition<Size> {
  readonly name: string;
  readonly backends?: readonly BackendName[];
  readonly redis?: readonly string[];
  readonly patience?: number;
  readonly recovery?: number;
  readonly disk?: number;
  readonly skip?: string | null;
  readonly short: Size;
  readonly full: Size;
  readonly run: (stage: Stage, size: Size) => Promise<void>;
}

/** A lease, a change of leaders, a sweep, and the work that is left. */
const PATIENCE = 20_000;

/** Defines a scenario. `short` and `full` are what differs between its two forms. */
export function scenario<Size>(definition: Definition<Size>): Scenario {
  const { name, backends = ['redis', 'sqlite'], redis = [], patience = PATIENCE, run } = definition;
  const { recovery = null, disk = null, skip = null } = definition;
  return {
    ...{ name, backends, redis, patience, recovery, disk, skip },
    run: (stage, form) => run(stage, definition[form]),
  };
}

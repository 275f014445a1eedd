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
  run(stage: Stage, form: Form): Promise<void>;
}

interface Definition<Size> {
  readonly name: string;
  readonly backends?: readonly BackendName[];
  readonly redis?: readonly string[];
  readonly patience?: number;
  readonly short: Size;
  readonly full: Size;
  readonly run: (stage: Stage, size: Size) => Promise<void>;
}

/** A lease, a change of leaders, a sweep, and the work that is left. */
const PATIENCE = 20_000;

/** Defines a scenario. `short` and `full` are what differs between its two forms. */
export function scenario<Size>(definition: Definition<Size>): Scenario {
  const { name, backends = ['redis', 'sqlite'], redis = [], patience = PATIENCE, run } = definition;
  return {
    ...{ name, backends, redis, patience },
    run: (stage, form) => run(stage, definition[form]),
  };
}

import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from './play.ts';
import type { Form } from './scenario.ts';

/** How this run is to be; scripts/faults.mjs says so in the environment. */
export interface RunOptions {
  readonly form: Form;
  readonly seed: number;
  /** A part of the names of the scenarios to play, or null for all. */
  readonly only: string | null;
  /** Where to keep the histories of what failed, or null. */
  readonly keep: string | null;
  /** Keeps a result for the scorecard, where one is wanted. */
  readonly save: (result: Result) => Promise<void>;
}

export function runOptions(): RunOptions {
  const { WINGMAN_FAULTS_FULL, WINGMAN_FAULTS_SEED, WINGMAN_FAULTS_ONLY, WINGMAN_FAULTS_RESULTS: folder } = process.env;
  const { WINGMAN_FAULTS_KEEP: keep = null } = process.env;
  return {
    form: WINGMAN_FAULTS_FULL === undefined ? 'short' : 'full',
    seed: WINGMAN_FAULTS_SEED === undefined ? randomInt(1_000_000) : Number(WINGMAN_FAULTS_SEED),
    only: WINGMAN_FAULTS_ONLY ?? null,
    keep,
    save: async (result) => {
      if (folder === undefined) return;
      const name = `${result.scenario} on ${result.backend}`.replace(/[^a-z0-9]+/gi, '-');
      await writeFile(join(folder, `${name}.json`), JSON.stringify(result));
    },
  };
}

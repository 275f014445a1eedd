import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { quantile } from '../../scripts/scorecard.mjs';
import { untilAborted } from '../../src/runtime/abort.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { check, type Summary, type Violation } from './checker/index.ts';
import { readHistories } from './history/read.ts';
import { seeded, seedFor } from './random.ts';
import type { Form, Scenario } from './scenario.ts';
import { lookWhenQuiet } from './stage/final-look.ts';
import { type BackendName, Stage } from './stage/stage.ts';

/** How one scenario went on one backend. */
export interface Result extends Summary {
  readonly scenario: string;
  readonly backend: BackendName;
  readonly form: Form;
  /** The run's seed: the scenario's own is made from it and the scenario's name. */
  readonly seed: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
  readonly notes: readonly string[];
}

export interface PlayOptions {
  readonly backend: BackendName;
  readonly form: Form;
  readonly seed: number;
  /** Where to keep the histories of one that failed; nowhere when null. */
  readonly keep: string | null;
}

/** Against hanging, in milliseconds. */
const LIMITS = { short: 80_000, full: 3_000_000 } as const satisfies Record<Form, number>;

/** Plays a scenario to its end, has all come to rest, and checks what was written down. */
export async function play(scenario: Scenario, { backend, form, seed, keep }: PlayOptions): Promise<Result> {
  const began = performance.now();
  const random = seeded(seedFor(`${scenario.name}/${backend}`, seed));
  const { redis, disk, recovery } = scenario;
  const stage = await Stage.open({ backend, random, redis, disk, form });
  let hasPassed = false;
  try {
    const store = await stage.observe();
    await withinLimit(scenario.run(stage, form), LIMITS[form]);
    await stage.calm();
    const final = await lookWhenQuiet(store, scenario.patience);
    await stage.stopWorkers();
    const { violations, summary } = check(await readHistories(stage.histories), final, { undone: stage.undone });
    if (recovery !== null) stage.measure('recovery, p99', quantile(summary.recoveries, 0.99), recovery);
    const all = [...stage.claims, ...violations];
    hasPassed = all.length === 0;
    const seconds = (performance.now() - began) / 1000;
    return { scenario: scenario.name, backend, form, seed, seconds, violations: all, notes: stage.notes, ...summary };
  } finally {
    try {
      const name = `${scenario.name} on ${backend}`;
      if (!hasPassed && keep !== null) await cp(stage.histories, join(keep, name), { recursive: true });
    } finally {
      await stage.end();
    }
  }
}

async function withinLimit(running: Promise<void>, milliseconds: number): Promise<void> {
  const late = new AbortController();
  const over = new Error(`the scenario did not come to its end within ${milliseconds / 1000} s`);
  const cancel = systemClock.after(milliseconds, () => late.abort(over));
  try {
    await untilAborted(running, late.signal);
  } finally {
    cancel();
  }
}

import { describe, expect, test } from 'vitest';
import { type PlayOptions, play, type Result } from './play.ts';
import { runOptions } from './run-options.ts';
import type { Scenario } from './scenario.ts';

/** One test for each scenario and backend, side by side: most of what they do is wait. */
export function playAll(scenarios: readonly Scenario[]): void {
  const { form, seed, only, keep, save } = runOptions();
  const plays = scenarios
    .filter(({ name }) => only === null || name.includes(only))
    .flatMap((scenario) => scenario.backends.map((backend) => ({ scenario, backend })));

  describe.concurrent('faults', () => {
    for (const { scenario, backend } of plays) {
      const { name, skip } = scenario;
      const title = `${name}, on ${backend}${skip === null ? '' : `: skipped, since ${skip}`}`;
      test.skipIf(skip !== null)(title, { timeout: form === 'short' ? 120_000 : 3_600_000 }, async () => {
        const options = { backend, form, seed, keep };
        const result = await play(scenario, options).catch((error: unknown) => broken(scenario, options, error));
        await save(result);
        const replay = `npm run faults -- --seed ${seed} --only '${name}'${form === 'full' ? ' --full' : ''}`;
        expect(result.violations, `to replay it: ${replay}`).toEqual([]);
      });
    }
  });
}

/** The result of a scenario that could not be played to its end. */
function broken({ name: scenario }: Scenario, { backend, form, seed }: PlayOptions, error: unknown): Result {
  const violations = [
    { rule: 'the scenario', what: error instanceof Error ? (error.stack ?? error.message) : String(error) },
  ];
  const nothing = { jobs: 0, lost: 0, runAgain: 0, faults: {}, recoveries: [], notes: [], seconds: 0 };
  return { scenario, backend, form, seed, ...nothing, violations };
}

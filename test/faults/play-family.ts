import { describe, expect, test } from 'vitest';
import { play } from './play.ts';
import { runOptions } from './run-options.ts';
import type { Scenario } from './scenario.ts';

/** One test for each scenario and backend, side by side: most of what they do is wait. */
export function playAll(scenarios: readonly Scenario[]): void {
  const { form, seed, only, save } = runOptions();
  const plays = scenarios
    .filter(({ name }) => only === null || name.includes(only))
    .flatMap((scenario) => scenario.backends.map((backend) => ({ scenario, backend })));

  describe.concurrent('faults', () => {
    for (const { scenario, backend } of plays) {
      test(`${scenario.name}, on ${backend}`, { timeout: form === 'short' ? 120_000 : 3_600_000 }, async () => {
        const result = await play(scenario, { backend, form, seed });
        await save(result);
        const replay = `npm run faults -- --seed ${seed} --only '${scenario.name}'${form === 'full' ? ' --full' : ''}`;
        expect(result.violations, `to replay it: ${replay}`).toEqual([]);
      });
    }
  });
}

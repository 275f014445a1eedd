// Answers that all slots wait for are polled for, unless the manager was told not to.

import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { defineJob } from '../../src/core/job.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { enqueue, happened, openStore, run, type StoreName, storeUrl } from './stage.ts';

const JOBS = 50;

/** How often a manager of one slot waited for a turn of the event loop to pass, while it ran some jobs. */
async function turns(store: StoreName, busyPoll: boolean): Promise<number> {
  let count = 0;
  const turn = (): Promise<void> => {
    count += 1;
    return systemClock.turn();
  };
  const clock: Clock = { ...systemClock, turn };
  const backend = await openStore(await storeUrl(store));
  const type = defineJob({ type: 't' });
  await enqueue(backend, ...Array.from({ length: JOBS }, () => type.job()));
  const { manager } = await run({ backend, handlers: [type.handle(() => undefined)], concurrency: 1, busyPoll, clock });
  await happened(manager, 'completed', JOBS);
  return count;
}

test.skipIf(availableParallelism() === 1)('answers of Redis are polled for, unless that is switched off', async () => {
  const off = await turns('redis', false);
  expect(await turns('redis', true)).toBeGreaterThan(off);
});

test('those of a store in this process are not', async () => {
  // One for each job, and what the daemons take.
  expect(await turns('memory', true)).toBeLessThan(2 * JOBS);
});

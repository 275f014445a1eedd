// Jobs whose process vanished again and again: they run alone, and are put aside in the end.

import { expect, test } from 'vitest';
import type { Backend } from '../../src/contract/backend.ts';
import { Caller } from '../../src/contract/call.ts';
import { defineJob } from '../../src/core/job.ts';
import { MOST_CRASHES } from '../../src/core/outcome.ts';
import { enqueue, happened, Latch, openStore, run } from './stage.ts';

const type = defineJob({ type: 't' });
const caller = new Caller('test');

/** Lets a worker vanish that has claimed all that waits. */
async function crash(backend: Backend, worker: string, count: number): Promise<void> {
  await backend.register(worker, 60_000);
  const claim = { queues: ['default'], count, locks: 'take' } as const;
  await caller.call((call) => backend.exchange(call, { worker, settlements: [], claim }));
  await backend.retire(worker);
  await backend.reclaim(count);
}

test('jobs that may be what ends their process run one at a time, and nothing is claimed beside them', async () => {
  const backend = await openStore('memory:');
  const suspects = await enqueue(backend, type.job(), type.job(), type.job());
  for (let times = 1; times < MOST_CRASHES; times += 1) await crash(backend, `dead-${times}`, 3);
  const innocents = await enqueue(backend, type.job(), type.job());
  const latches = new Map([...suspects, ...innocents].map((id) => [id, { began: new Latch(), end: new Latch() }]));
  const running = new Set<string>();
  const together: string[][] = [];
  const handler = type.handle(async (_, { id }) => {
    running.add(id);
    together.push([...running]);
    latches.get(id)?.began.open();
    await latches.get(id)?.end.opened;
    running.delete(id);
  });
  const { manager } = await run({ backend, handlers: [handler], concurrency: 10, pollInterval: 20 });
  for (const [index, id] of suspects.entries()) {
    await latches.get(id)?.began.opened;
    // The others are back in the queue, and still suspects.
    for (const other of suspects.slice(index + 1)) {
      await expect.poll(() => backend.find(other)).toMatchObject({ state: 'waiting', job: { crashes: 2 } });
    }
    latches.get(id)?.end.open();
  }
  for (const id of innocents) {
    await latches.get(id)?.began.opened;
    latches.get(id)?.end.open();
  }
  await happened(manager, 'completed', 5);
  for (const group of together) {
    if (group.some((id) => suspects.includes(id))) expect(group.filter((id) => suspects.includes(id))).toHaveLength(1);
  }
});

test('the manager tells of a job that is quarantined, and its reason is kept with it', async () => {
  const backend = await openStore('memory:');
  const [id = ''] = await enqueue(backend, type.job());
  for (let times = 1; times < MOST_CRASHES; times += 1) await crash(backend, `dead-${times}`, 1);
  await backend.register('last', 1);
  const claim = { queues: ['default'], count: 1, locks: 'take' } as const;
  await caller.call((call) => backend.exchange(call, { worker: 'last', settlements: [], claim }));
  const { manager } = await run({ backend, handlers: [type.handle(() => {})], lease: 60, heartbeat: 20 });
  expect(await happened(manager, 'quarantined')).toEqual([
    { event: 'quarantined', id, queue: 'default', worker: 'last' },
  ]);
  expect(await backend.find(id)).toMatchObject({ state: 'failed', failures: [{ code: 'WINGMAN_CRASHED' }] });
});

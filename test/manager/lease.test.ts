// Leases: lost by a manager that lives, and left by one that died.

import { expect, test } from 'vitest';
import { type Backend, SWEEP_BUDGET } from '../../src/contract/backend.ts';
import { Caller } from '../../src/contract/call.ts';
import { defineJob } from '../../src/core/job.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { changed } from '../harness/planting.ts';
import { enqueue, happened, Latch, openStore, run, stores, storeUrl } from './stage.ts';

test.each(stores)(
  'on %s a manager whose lease was lost drops what it ran, and goes on under a new name',
  async (name) => {
    const backend = await openStore(await storeUrl(name));
    const type = defineJob({ type: 't' });
    const first = new Latch();
    const attempts: { attempt: number; token: string }[] = [];
    const reasons: unknown[] = [];
    const handler = type.handle(async (_, { attempt, token, signal }) => {
      attempts.push({ attempt, token });
      if (attempts.length > 1) return;
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      first.open();
      await aborted;
      reasons.push(signal.reason);
    });
    const [id = ''] = await enqueue(backend, type.job());
    const { manager, log } = await run({ backend, handlers: [handler], heartbeat: 20, lease: '30s', pollInterval: 50 });
    await first.opened;
    const before = manager.worker ?? '';

    const lost: unknown[] = [];
    manager.on('leaseLost', (event) => lost.push(event));
    const completed = happened(manager, 'completed');
    // As if it had been cut off for longer than its lease: again where its heartbeat came in between the two.
    while (lost.length === 0) {
      await backend.retire(before);
      await backend.reclaim(10);
      await systemClock.turn();
    }
    await completed;
    expect(manager.worker).not.toBe(before);
    expect(reasons).toEqual([expect.objectContaining({ code: 'WINGMAN_CANCELED' })]);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(Number(attempts[1]?.token)).toBeGreaterThan(Number(attempts[0]?.token));
    expect(await backend.find(id)).toBeNull();
    expect((await backend.stats()).counters).toEqual({ successful: 1, failed: 0 });
    const [line] = log.of('the lease was lost: what is running is dropped and runs again elsewhere');
    expect(line).toMatchObject({ worker: before, jobs: [{ id, type: 't' }] });
    expect(lost).toEqual([{ worker: before, jobs: [{ id, type: 't' }] }]);
  },
);

test.each(stores)('on %s a result that comes after the loss is refused, logged and told', async (name) => {
  const backend = await openStore(await storeUrl(name));
  const type = defineJob({ type: 't' });
  const started = new Latch();
  const release = new Latch();
  const refused = new Latch();
  // Nothing else tells of the loss, or makes good for it: it has no check-ins until then, no heartbeat that soon, and no free slot
  // for which it would ask.
  const checkIn: Backend['checkIn'] = (self) => refused.opened.then(() => backend.checkIn(self));
  const cutOff = changed(backend, { checkIn });
  const tokens: string[] = [];
  const handler = type.handle(async (_, { token }) => {
    tokens.push(token);
    if (tokens.length > 1) return;
    started.open();
    await release.opened;
  });
  const [id = ''] = await enqueue(backend, type.job());
  const options = { concurrency: 1, heartbeat: '1m', lease: '3m' } as const;
  const { manager, log } = await run({ backend: cutOff, handlers: [handler], ...options });
  await started.opened;
  const worker = manager.worker ?? '';
  await backend.retire(worker);
  expect((await backend.reclaim(10)).moves).toMatchObject([{ event: 'reclaimed', id }]);
  const told = new Promise((resolve) => manager.once('stale', resolve));
  release.open();

  const first = { id, queue: 'default', type: 't', worker, token: tokens[0] };
  expect(await told).toEqual({ ...first, attempt: 1, outcome: 'completed' });
  refused.open();
  const [line] = log.of('the result was refused: the job is no longer owned by this run');
  expect(line).toMatchObject({ job: id, type: 't', token: tokens[0], outcome: 'completed' });
  await happened(manager, 'completed');
  expect((await backend.stats()).counters).toEqual({ successful: 1, failed: 0 });
});

test.each(stores)(
  'on %s what the store has forgotten to be settled is handed back by the worker that has it',
  async (name) => {
    const backend = await openStore(await storeUrl(name));
    const type = defineJob({ type: 't' });
    const end = new Latch();
    const handler = type.handle(() => end.opened);
    // Busy with its only slot: nothing else asks the store for anything.
    const [busy = ''] = await enqueue(backend, type.job());
    const { manager, log } = await run({ backend, handlers: [handler], concurrency: 1, lease: 900, heartbeat: 100 });
    await happened(manager, 'claimed');
    const worker = manager.worker ?? '';

    // As after a failover: by the books the worker has jobs that it settled long ago, more than one step hands back.
    const count = SWEEP_BUDGET + 1;
    const stray = defineJob({ type: 't', queue: 'elsewhere' });
    const ids = await enqueue(backend, ...Array.from({ length: count }, () => stray.job()));
    const claim = { queues: ['elsewhere'], count, locks: 'take' } as const;
    await new Caller('forgotten').call((call) => backend.exchange(call, { worker, settlements: [], claim }));

    const expected = ids.map((id) => ({ event: 'reclaimed', id, queue: 'elsewhere', worker })).reverse();
    expect(await happened(manager, 'reclaimed', count)).toEqual(expected);
    expect(await backend.find(ids[0] ?? '')).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 0 } });
    await expect.poll(() => log.of(FORGOTTEN)).toMatchObject([{ worker, jobs: ids.toReversed() }]);
    // What it is busy with stays its own.
    expect((await backend.find(busy))?.owner?.worker).toBe(worker);
    end.open();
    await happened(manager, 'completed');
  },
);

const FORGOTTEN =
  'the store has forgotten that these jobs were settled, and they run again: it has lost its newest writes';

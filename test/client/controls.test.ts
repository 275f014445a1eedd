// Pauses, limits and rates as an application sees them, with managers that run.

import { afterEach, expect, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { connect } from '../../src/client/connect.ts';
import { defineJob } from '../../src/core/job.ts';
import { RateLimited } from '../../src/core/verdict.ts';
import { Manager } from '../../src/manager/manager.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const greet = defineJob<{ name: string }>({ type: 'greet' });

async function cluster(run: Parameters<typeof greet.handle>[0]) {
  const backend = await open();
  const wingman = await connect(backend);
  const manager = new Manager({
    backend,
    logger: quiet,
    signals: false,
    handlers: [greet.handle(run)],
    concurrency: 4,
  });
  const served = manager.start();
  ends.push(
    () => backend.close(),
    () => served,
    () => manager.stop(),
    () => wingman.close(),
  );
  return { wingman, manager };
}

/** Resolves with each event's id once so many have been seen. */
function seen(manager: Manager, event: 'completed' | 'parked' | 'snoozed', count: number): Promise<string[]> {
  const ids: string[] = [];
  return new Promise((resolve) => {
    manager.on(event, ({ id }) => {
      ids.push(id);
      if (ids.length === count) resolve(ids);
    });
  });
}

test('what is paused does not run until it is resumed', async () => {
  const { wingman, manager } = await cluster(() => undefined);
  await wingman.pause({ queue: 'default' }, { by: 'ann', reason: 'a bug' });
  await wingman.enqueue(greet, { name: 'Ada' }, { id: 'a' });
  expect(await wingman.pauses()).toEqual([{ queue: 'default', by: 'ann', reason: 'a bug', at: expect.any(Date) }]);
  const done = seen(manager, 'completed', 1);
  expect(await wingman.get('a')).toMatchObject({ state: 'waiting' });
  expect(await wingman.resume({ queue: 'default' })).toBe(true);
  expect(await done).toEqual(['a']);
});

test('jobs of a paused type are parked, and run when it is resumed', async () => {
  const { wingman, manager } = await cluster(() => undefined);
  await wingman.pause({ type: 'greet' });
  const parked = seen(manager, 'parked', 2);
  await wingman.enqueueMany(greet, [{ name: 'Ada' }, { name: 'Alan' }]);
  const ids = await parked;
  expect(await wingman.get(ids[0] ?? '')).toMatchObject({ state: 'parked', reason: 'its type is paused' });
  const done = seen(manager, 'completed', 2);
  expect(await wingman.resume({ type: 'greet' })).toBe(true);
  expect((await done).sort()).toEqual(ids.sort());
});

test("a queue's limit holds over all that runs, and is changed while jobs run", async () => {
  let [running, most] = [0, 0];
  const { wingman, manager } = await cluster(async () => {
    running += 1;
    most = Math.max(most, running);
    await wingman.stats();
    running -= 1;
  });
  await wingman.limitQueue('default', { concurrency: 2 });
  expect(await wingman.queueLimits()).toEqual([{ queue: 'default', concurrency: 2, running: 0 }]);
  const done = seen(manager, 'completed', 30);
  await wingman.enqueueMany(
    greet,
    Array.from({ length: 30 }, () => ({ name: 'Ada' })),
  );
  await done;
  expect(most).toBe(2);
  await wingman.limitQueue('default', { rate: { limit: 1, per: '1 hour' } });
  const one = seen(manager, 'completed', 1);
  await wingman.enqueueMany(greet, [{ name: 'Ada' }, { name: 'Alan' }]);
  await one;
  expect(await wingman.queueLimits()).toEqual([
    { queue: 'default', rate: { every: 3_600_000, burst: 1 }, startsAt: expect.any(Date) },
  ]);
  const other = seen(manager, 'completed', 1);
  await wingman.limitQueue('default', null);
  await other;
});

test('a handler that meets a limit slows its key for all jobs, and its job runs again', async () => {
  const limited = defineJob({ type: 'limited', rate: () => ({ key: 'api', limit: 100, per: '1s', burst: 100 }) });
  const backend = await open();
  const wingman = await connect(backend);
  const starts: number[] = [];
  let until = 0;
  const handler = limited.handle(async () => {
    starts.push(await backend.now());
    if (starts.length > 1) return;
    until = (await backend.now()) + 150;
    throw new RateLimited({ until: new Date(until) });
  });
  const manager = new Manager({ backend, logger: quiet, signals: false, handlers: [handler], concurrency: 1 });
  const served = manager.start();
  ends.push(
    () => backend.close(),
    () => served,
    () => manager.stop(),
    () => wingman.close(),
  );
  const done = seen(manager, 'completed', 3);
  await wingman.enqueueMany(limited, [undefined, undefined, undefined]);
  await done;
  expect(starts).toHaveLength(4);
  for (const start of starts.slice(1)) expect(start).toBeGreaterThanOrEqual(until);
});

test.each<[string, (wingman: Awaited<ReturnType<typeof connect>>) => Promise<unknown>, string]>([
  ['a pause of nothing', (wingman) => wingman.pause({} as never), 'either { queue } or { type }'],
  ['a pause of both', (wingman) => wingman.pause({ queue: 'q', type: 't' } as never), 'either { queue } or { type }'],
  ['a reason that is none', (wingman) => wingman.pause({ queue: 'q' }, { reason: '' }), "option 'reason'"],
  ['a limit of nothing', (wingman) => wingman.limitQueue('q', {}), 'a concurrency, a rate, or both'],
  ['a concurrency of 0', (wingman) => wingman.limitQueue('q', { concurrency: 0 }), 'pause the queue; received 0'],
  ['a rate below 1', (wingman) => wingman.limitQueue('q', { rate: { limit: 0, per: '1s' } }), "option 'rate.limit'"],
])('%s is refused', async (_, act, message) => {
  const wingman = await connect('memory:');
  ends.push(() => wingman.close());
  await expect(act(wingman)).rejects.toThrow(
    expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID', message: expect.stringContaining(message) }),
  );
});

// What a manager promises, on each backend.

import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../src/core/job.ts';
import { enqueue, happened, Latch, makeManager, openStore, run, stores, storeUrl } from './stage.ts';

describe.each(stores)('on %s', (name) => {
  test('500 jobs of two queues complete, each once, and never more at once than its concurrency', async () => {
    const backend = await openStore(await storeUrl(name));
    const runs = new Map<string, number>();
    let most = 0;
    let active = 0;
    const options = (queue: string) => ({ type: `count.${queue}`, queue, input: z.object({ n: z.number() }) });
    const types = [defineJob(options('a')), defineJob(options('b'))];
    const handlers = types.map((type) =>
      type.handle(async (_, { id }) => {
        active += 1;
        most = Math.max(most, active);
        runs.set(id, (runs.get(id) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
        active -= 1;
      }),
    );
    const jobs = types.flatMap((type) => Array.from({ length: 250 }, (_, n) => type.job({ n })));
    const ids = await enqueue(backend, ...jobs);
    const { manager } = makeManager({ backend, handlers, concurrency: 7 });
    const completed = happened(manager, 'completed', 500);
    const ended = manager.start();
    await completed;
    await manager.stop();
    await ended;
    expect([...runs.keys()].sort()).toEqual([...ids].sort());
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    expect(most).toBe(7);
    const stats = await backend.stats();
    expect(stats.counters).toEqual({ successful: 500, failed: 0 });
    expect(stats.workers).toEqual([]);
  });

  test('jobs of a lock key with concurrency 1 run one at a time and in their order, other keys beside them', async () => {
    const backend = await openStore(await storeUrl(name));
    const inOrder = defineJob<{ key: string; n: number }>({
      type: 'ordered',
      lock: ({ key }) => ({ key, concurrency: 1 }),
    });
    const active = new Map<string, number>();
    const order: Record<string, number[]> = { a: [], b: [], c: [] };
    let overlaps = 0;
    const handler = inOrder.handle(async ({ key, n }) => {
      active.set(key, (active.get(key) ?? 0) + 1);
      if (active.get(key) !== 1) overlaps += 1;
      order[key]?.push(n);
      await new Promise((resolve) => setImmediate(resolve));
      active.set(key, (active.get(key) ?? 0) - 1);
    });
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    await enqueue(backend, ...numbers.flatMap((n) => ['a', 'b', 'c'].map((key) => inOrder.job({ key, n }))));
    const { manager } = makeManager({ backend, handlers: [handler], concurrency: 10 });
    const completed = happened(manager, 'completed', 60);
    const held = happened(manager, 'held');
    void manager.start();
    await Promise.all([completed, held]);
    expect(overlaps).toBe(0);
    expect(order).toEqual({ a: numbers, b: numbers, c: numbers });
  });

  test('a job that throws is tried again, and kept as failed with every error', async () => {
    const backend = await openStore(await storeUrl(name));
    const flaky = defineJob({ type: 'flaky', retry: { attempts: 3, backoff: { kind: 'fixed', delay: 5 } } });
    const attempts: number[] = [];
    const handler = flaky.handle((_, { attempt }) => {
      attempts.push(attempt);
      throw new Error(`attempt ${attempt}`);
    });
    const [id = ''] = await enqueue(backend, flaky.job());
    const { manager } = await run({ backend, handlers: [handler] });
    const [failed] = await happened(manager, 'failed');
    expect(failed).toMatchObject({ id, type: 'flaky', queue: 'default', attempt: 3, detail: 'attempt 3' });
    expect(attempts).toEqual([1, 2, 3]);
    const view = await backend.find(id);
    expect(view?.state).toBe('failed');
    expect(view?.failures.map(({ message }) => message)).toEqual(['attempt 1', 'attempt 2', 'attempt 3']);
    expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 1 });
  });

  test('a job of an unknown type is parked with a reason and no attempt, and runs where its type is known', async () => {
    const backend = await openStore(await storeUrl(name));
    const known = defineJob({ type: 'known' });
    const unknown = defineJob({ type: 'unknown' });
    const [id = ''] = await enqueue(backend, unknown.job());
    const first = makeManager({ backend, handlers: [known.handle(() => {})] });
    const parked = happened(first.manager, 'parked');
    void first.manager.start();
    await parked;
    const view = await backend.find(id);
    expect(view).toMatchObject({ state: 'parked', job: { attempts: 0 } });
    expect(view?.reason).toContain("no handler for job type 'unknown'");

    const attempts: number[] = [];
    const second = makeManager({
      backend,
      handlers: [unknown.handle((_, { attempt }) => void attempts.push(attempt))],
    });
    const events = [happened(second.manager, 'unparked'), happened(second.manager, 'completed')];
    void second.manager.start();
    await Promise.all(events);
    expect(attempts).toEqual([1]);
  });

  test('jobs that another program enqueued without locks take those of their type before they run', async () => {
    const backend = await openStore(await storeUrl(name));
    const limited = defineJob({
      type: 'limited',
      input: z.object({ tenant: z.string() }),
      lock: ({ tenant }) => ({ key: `tenant:${tenant}`, concurrency: 1 }),
    });
    let active = 0;
    let most = 0;
    const holders: string[] = [];
    const handler = limited.handle(async ({ tenant }, { id }) => {
      active += 1;
      most = Math.max(most, active);
      for (const holder of await backend.holders(`tenant:${tenant}`)) if (holder.id === id) holders.push(id);
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
    });
    // Jobs without a definition: as from `pushInternalJob`, or RPUSH.
    const foreign = (payload: unknown) => ({ type: 'limited', payload });
    const ids = await enqueue(backend, ...Array.from({ length: 6 }, () => foreign({ tenant: 'acme' })));
    const { manager, log } = makeManager({ backend, handlers: [handler], concurrency: 5 });
    const events = [happened(manager, 'held'), happened(manager, 'completed', 6)];
    void manager.start();
    await Promise.all(events);
    expect(most).toBe(1);
    expect(holders.sort()).toEqual([...ids].sort());
    expect(log.of('job completed').map(({ lock }) => lock)).toEqual(Array(6).fill('tenant:acme'));

    // One whose input does not fit its type takes no lock and fails.
    const failed = happened(manager, 'failed');
    await enqueue(backend, foreign({ tenant: 42 }));
    expect((await failed)[0]?.detail).toContain('tenant');
  });

  test('a job that is scheduled runs when it is due', async () => {
    const backend = await openStore(await storeUrl(name));
    const later = defineJob({ type: 'later', retry: { attempts: 2, backoff: () => 30 } });
    const opened = new Latch();
    const handler = later.handle((_, { attempt }) => {
      if (attempt === 1) throw new Error('not yet');
      opened.open();
    });
    const { manager } = await run({ backend, handlers: [handler] });
    const events = [happened(manager, 'retrying'), happened(manager, 'promoted'), happened(manager, 'completed')];
    await enqueue(backend, later.job());
    await opened.opened;
    await Promise.all(events);
  });

  test('what a manager owns comes back when it stops, without costing an attempt', async () => {
    const backend = await openStore(await storeUrl(name));
    const slow = defineJob({ type: 'slow', lock: () => ({ key: 'one', concurrency: 2 }) });
    const running = new Latch();
    const reasons: unknown[] = [];
    const handler = slow.handle(async (_, { signal }) => {
      running.open();
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      });
    });
    const ids = await enqueue(backend, slow.job(), slow.job());
    const { manager, ended, log } = await run({ backend, handlers: [handler] });
    await running.opened;
    const released = happened(manager, 'released', 2);
    const before = performance.now();
    await manager.stop();
    expect(performance.now() - before).toBeLessThan(1_000);
    await ended;
    await released;
    expect(reasons).toEqual(Array(2).fill(expect.objectContaining({ code: 'WINGMAN_CANCELED' })));
    for (const id of ids) {
      expect(await backend.find(id)).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 0 } });
    }
    expect((await backend.stats()).workers).toEqual([]);
    expect(log.of('job released')).toHaveLength(2);
  });
});

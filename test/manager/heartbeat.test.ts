// The heartbeat while the event loop stands still, and when its thread dies.

import { connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { defineJob } from '../../src/core/job.ts';
import type { ThreadData } from '../../src/manager/heartbeat-thread.ts';
import type { ManagerOptions } from '../../src/manager/options.ts';
import { Pulse } from '../../src/manager/pulse.ts';
import { compiled } from '../../src/runtime/thread.ts';
import { enqueue, happened, Latch, type Log, openStore, run, storeUrl } from './stage.ts';

const type = defineJob({ type: 't' });
const LEASE = 900;

/** Nothing else of this process's main thread runs meanwhile. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

async function threadBeats(log: Log): Promise<void> {
  await expect.poll(() => log.of('the heartbeat thread beats'), { timeout: 10_000 }).toHaveLength(1);
}

/** A manager that runs one job until the test lets it end. */
async function running(name: 'sqlite' | 'redis', options: Partial<ManagerOptions> = {}) {
  const url = await storeUrl(name);
  const [store, other] = [await openStore(url), await openStore(url)];
  const [began, end] = [new Latch(), new Latch()];
  const handler = type.handle(async () => {
    began.open();
    await end.opened;
  });
  const [id = ''] = await enqueue(other, type.job());
  const timing = { lease: LEASE, heartbeat: LEASE / 3 };
  const { manager, log } = await run({ backend: store, handlers: [handler], ...timing, ...options });
  await began.opened;
  return { id, manager, log, store, other, letEnd: end.open };
}

describe.each(['sqlite', 'redis'] as const)('on %s', (name) => {
  test('an event loop that is blocked for longer than the lease does not lose it', async () => {
    const { id, manager, log, other, letEnd } = await running(name);
    await threadBeats(log);
    block(2 * LEASE);
    expect((await other.reclaim(10)).moves).toEqual([]);
    letEnd();
    await happened(manager, 'completed');
    expect(await other.find(id)).toBeNull();
    expect((await other.stats()).counters).toEqual({ successful: 1, failed: 0 });
  });

  test('one that is stuck for longer than `stuckAfter` gives up its lease, and its jobs run elsewhere', async () => {
    const { id, manager, log, other } = await running(name, { stuckAfter: 200 });
    const { worker } = manager;
    await threadBeats(log);
    block(200 + 3 * LEASE);
    expect((await other.reclaim(10)).moves).toEqual([{ event: 'reclaimed', id, queue: 'default', detail: worker }]);
    await expect
      .poll(() => log.of('the event loop was stuck for too long: the lease was not renewed any more'))
      .toEqual([expect.objectContaining({ level: 'error', worker })]);
    // It goes on under a new name.
    await expect.poll(() => manager.worker).not.toBe(worker);
  });
});

test('an event loop that is blocked as soon as it works, before the thread is up, does not lose its lease', async () => {
  // Longer than the thread may take to come up.
  const lease = 6_000;
  const { manager, other, letEnd } = await running('sqlite', { lease, heartbeat: lease / 3 });
  block(1.3 * lease);
  expect((await other.reclaim(10)).moves).toEqual([]);
  letEnd();
  await happened(manager, 'completed');
});

test('where a store cannot be opened once more, the main loop beats', async () => {
  const store = await openStore('memory:');
  const { manager } = await run({ backend: store, handlers: [type.handle(() => {})], lease: 300, heartbeat: 100 });
  const { worker } = manager;
  const ends = async (): Promise<number | undefined> => (await store.stats()).workers[0]?.leaseEnds;
  const first = await ends();
  await expect.poll(ends).toBeGreaterThan(first ?? 0);
  expect(manager.worker).toBe(worker);
});

test('where the thread fails, the main loop beats', async () => {
  const url = await storeUrl('sqlite');
  const store = await openStore(url);
  const broken = new Proxy(store, {
    get: (target, property) => {
      if (property === 'reopen') return { module: 'file:///no/such/module.js', options: {} };
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { manager } = await run({ backend: broken, handlers: [type.handle(() => {})], lease: 300, heartbeat: 100 });
  const { worker } = manager;
  const ends = async (): Promise<number | undefined> => (await store.stats()).workers[0]?.leaseEnds;
  const first = await ends();
  await expect.poll(ends).toBeGreaterThan((first ?? 0) + 300);
  expect(manager.worker).toBe(worker);
});

test('a thread that is told to end while it opens its connection ends by itself, and leaves none open', async () => {
  const url = new URL(await storeUrl('redis'));
  const port = Number(url.port);
  // It has begun to open one as soon as somebody knocks here, and nothing is answered before it has been told.
  const door = createServer((socket) => {
    thread.postMessage('end');
    socket
      .on('error', () => undefined)
      .pipe(connect(port, '127.0.0.1'))
      .pipe(socket);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const address = door.address();
  url.port = typeof address === 'object' && address !== null ? String(address.port) : '';
  const source = (path: string): string => compiled(new URL(`../../src/${path}`, import.meta.url).href);
  const module = source('backends/redis/index.ts');
  const timing = { interval: LEASE / 3, lease: LEASE, stuckAfter: 10 * LEASE };
  const data: ThreadData = { reopen: { module, options: { url: url.href } }, pulse: new Pulse().memory, ...timing };
  const thread = new Worker(new URL(source('manager/heartbeat-thread.ts')), { workerData: data });
  onTestFinished(async () => {
    await thread.terminate();
    await new Promise((resolve) => door.close(resolve));
  });
  expect(await new Promise((resolve) => thread.once('exit', resolve))).toBe(0);
});

// Starting and stopping.

import { expect, test } from 'vitest';
import { openBackend } from '../../src/backends/open.ts';
import { WingmanError } from '../../src/core/errors.ts';
import { defineJob } from '../../src/core/job.ts';
import { enqueue, happened, Latch, makeManager, openStore, run, stores, storeUrl } from './stage.ts';

const noop = defineJob({ type: 'noop' });
const handlers = [noop.handle(() => {})];

test('a manager that runs cannot be started again, and can be after it was stopped', async () => {
  const { manager, ended } = await run({ backend: 'memory:', handlers });
  await expect(manager.start()).rejects.toMatchObject({ code: 'WINGMAN_MANAGER_RUNNING' });
  const first = manager.worker;
  expect(first).toMatch(new RegExp(`:${process.pid}:`));
  await manager.stop();
  await ended;
  expect(manager.worker).toBeNull();

  const started = happened(manager, 'started', 2);
  const again = manager.start();
  await started;
  expect(manager.worker).not.toBe(first);
  await manager.stop();
  await again;
});

test('a stop when nothing runs does nothing, and stops at once share one end', async () => {
  const { manager } = makeManager({ backend: 'memory:', handlers });
  await manager.stop();
  const stopping = happened(manager, 'stopping');
  const ended = manager.start();
  const stops = [manager.stop(), manager.stop()];
  expect(stops[0]).toBe(stops[1]);
  await Promise.all([...stops, ended]);
  expect(await stopping).toEqual([{ reason: 'stop' }]);
});

test('the events of its life come in order', async () => {
  const { manager } = makeManager({ backend: 'memory:', handlers });
  const events: string[] = [];
  for (const name of ['started', 'stopping', 'stopped'] as const) manager.on(name, () => void events.push(name));
  const started = happened(manager, 'started');
  const ended = manager.start();
  await started;
  await manager.stop();
  await ended;
  expect(events).toEqual(['started', 'stopping', 'stopped']);
});

test('running jobs may finish within the grace period', async () => {
  const backend = await openStore('memory:');
  const running = new Latch();
  const end = new Latch();
  const slow = defineJob({ type: 'slow' });
  const handler = slow.handle(async () => {
    running.open();
    await end.opened;
  });
  const [, second = ''] = await enqueue(backend, slow.job(), slow.job());
  const { manager, log } = await run({ backend, handlers: [handler], concurrency: 1, grace: '20s' });
  await running.opened;
  expect(manager.processing).toBe(1);
  const completed = happened(manager, 'completed');
  const stopped = manager.stop();
  end.open();
  await stopped;
  expect(await completed).toHaveLength(1);
  expect(await backend.find(second)).toMatchObject({ state: 'waiting' });
  expect(log.of('job released')).toEqual([]);
});

test('a handler that ignores its signal does not keep the manager from stopping, nor its job from being handed back', async () => {
  const backend = await openStore('memory:');
  const running = new Latch();
  const deaf = defineJob({ type: 'deaf', timeout: '1h' });
  const handler = deaf.handle(() => {
    running.open();
    return new Promise(() => {});
  });
  const [id = ''] = await enqueue(backend, deaf.job());
  const { manager, log } = await run({ backend, handlers: [handler], grace: 50 });
  await running.opened;
  const before = performance.now();
  await manager.stop();
  expect(performance.now() - before).toBeLessThan(50 + 1_000);
  expect(await backend.find(id)).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 0 } });
  const [line] = log.of('the grace period is over: what still runs is aborted and handed back');
  expect(line?.jobs).toEqual([{ id, type: 'deaf' }]);
});

test.each(stores)('on %s nothing is left running after a stop', async (name) => {
  // Neither timers nor sockets; what the test's own process holds is there before.
  const url = await storeUrl(name);
  const deaf = defineJob({ type: 'deaf', timeout: '1h' });
  const running = new Latch();
  const handler = deaf.handle(() => {
    running.open();
    return new Promise(() => {});
  });
  const before = activeResources();
  const { manager, ended } = await run({ backend: url, handlers: [handler, ...handlers] });
  if (name !== 'memory') {
    const backend = await openBackend(url);
    await enqueue(backend, deaf.job());
    await running.opened;
    await backend.close();
  }
  await manager.stop();
  await ended;
  // Sockets are closed in the next turns of the event loop.
  await expect.poll(activeResources, { interval: 5 }).toEqual(before);
});

function activeResources(): string[] {
  const ours = ['Timeout', 'Immediate', 'TCPSocketWrap', 'TCPWrap', 'FSEvent'];
  return process
    .getActiveResourcesInfo()
    .filter((name) => ours.includes(name))
    .sort();
}

test('a backend that cannot be opened rejects the start, with the cause', async () => {
  const { manager } = makeManager({ backend: 'redis://127.0.0.1:1', handlers });
  const events: string[] = [];
  for (const name of ['started', 'stopped'] as const) manager.on(name, () => void events.push(name));
  await expect(manager.start()).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_UNREACHABLE' });
  expect(events).toEqual([]);
  await manager.stop();
});

test('a backend that is not its own stays open', async () => {
  const backend = await openStore('memory:');
  const { manager, ended } = await run({ backend: { backend }, handlers });
  await manager.stop();
  await ended;
  expect(await backend.size('default')).toBe(0);
});

test('a backend that is closed under it ends the manager with an error, and what runs is aborted', async () => {
  const backend = await openStore('memory:');
  const running = new Latch();
  const reasons: unknown[] = [];
  const slow = defineJob({ type: 'slow' });
  const handler = slow.handle(
    (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
        running.open();
      }),
  );
  await enqueue(backend, slow.job());
  const { manager, ended } = await run({ backend, handlers: [handler] });
  await running.opened;
  const errors = happened(manager, 'error');
  const stopped = happened(manager, 'stopped');
  await backend.close();
  await expect(ended).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' });
  expect((await errors)[0]).toBeInstanceOf(WingmanError);
  expect(await stopped).toEqual([{ reason: 'error' }]);
  expect(reasons).toHaveLength(1);
});

test('listeners that throw or reject are logged, and the others are called', async () => {
  const { manager, log } = makeManager({ backend: 'memory:', handlers });
  manager.on('started', () => {
    throw new Error('bad listener');
  });
  manager.on('started', () => Promise.reject(new Error('bad async listener')));
  const started = happened(manager, 'started');
  void manager.start();
  await started;
  await expect
    .poll(() => log.of("a listener of 'started' threw").map(({ err }) => String(err)))
    .toEqual(['Error: bad listener', 'Error: bad async listener']);
});

test('the lines of its life say what a reader wants to know', async () => {
  const { manager, log } = await run({
    backend: 'memory:',
    handlers,
    queues: { mail: 3, default: 1 },
    concurrency: 4,
    grace: 0,
  });
  const { worker } = manager;
  await manager.stop();
  expect(log.of('manager started')).toEqual([
    expect.objectContaining({ worker, queues: { mail: 3, default: 1 }, concurrency: 4, backend: 'memory:' }),
  ]);
  expect(log.of('manager stopping: no more jobs are claimed, running ones may finish')).toHaveLength(1);
  expect(log.of('manager stopped')).toEqual([expect.objectContaining({ worker })]);
});

test('one line per job tells all about its run', async () => {
  const backend = await openStore('memory:');
  const one = defineJob({ type: 'one', queue: 'q', lock: () => ({ key: 'k', concurrency: 1 }) });
  const two = defineJob({
    type: 'two',
    queue: 'q',
    retry: { attempts: 1 },
    lock: () => ['a', 'b'].map((key) => ({ key, concurrency: 1 })),
  });
  const boom = two.handle(() => {
    throw new Error('boom');
  });
  const [first, second] = await enqueue(backend, one.job(), two.job());
  const { manager, log } = makeManager({ backend, handlers: [one.handle(() => {}), boom] });
  const ended = [happened(manager, 'completed'), happened(manager, 'failed')];
  void manager.start();
  await Promise.all(ended);
  const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const common = { queue: 'q', attempt: 1, start: iso, end: iso, duration: expect.any(Number) };
  expect(log.of('job completed')).toEqual([
    { ...common, job: first, type: 'one', lock: 'k', outcome: 'completed', level: 'info', message: 'job completed' },
  ]);
  const err = expect.objectContaining({ name: 'Error', message: 'boom' });
  expect(log.of('job failed')).toEqual([
    {
      ...{ ...common, job: second, type: 'two', lock: ['a', 'b'] },
      ...{ outcome: 'failed', err, level: 'error', message: 'job failed' },
    },
  ]);
});

test('a job that completed makes no line for a logger that writes none of its level; one that failed does', async () => {
  const backend = await openStore('memory:');
  const one = defineJob({ type: 'one' });
  const two = defineJob({ type: 'two', retry: { attempts: 1 } });
  const boom = two.handle(() => {
    throw new Error('boom');
  });
  await enqueue(backend, one.job(), two.job());
  const { manager, log } = makeManager({ backend, handlers: [one.handle(() => {}), boom] });
  log.lowest = 'error';
  const ended = [happened(manager, 'completed'), happened(manager, 'failed')];
  void manager.start();
  await Promise.all(ended);
  expect(log.of('job completed')).toEqual([]);
  expect(log.of('job failed')).toEqual([expect.objectContaining({ type: 'two', duration: expect.any(Number) })]);
});

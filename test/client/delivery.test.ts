// What becomes of an enqueue when the backend is out of reach.

import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { connect } from '../../src/client/connect.ts';
import type { Backend } from '../../src/contract/backend.ts';
import { BackendError, type Fate } from '../../src/core/errors.ts';
import { defineJob } from '../../src/core/job.ts';
import { systemClock } from '../../src/runtime/clock.ts';

const type = defineJob({ type: 't' });

type Trouble =
  | { readonly fate: Fate; readonly isDone?: boolean; readonly isTransient?: boolean }
  | { readonly until: Promise<void> }
  | 'silence'
  | null;

/** A client on a backend whose enqueues meet the trouble that the test chooses, call by call; null for none. */
async function client(enqueueTimeout: number, troubles: (number: number) => Trouble) {
  const memory = await open();
  let calls = 0;
  const backend: Backend = new Proxy(memory, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'enqueue') return value.bind(target);
      return async (...args: Parameters<Backend['enqueue']>) => {
        calls += 1;
        const trouble = troubles(calls);
        if (trouble === 'silence') return new Promise(() => {});
        if (trouble !== null && 'until' in trouble) await trouble.until;
        if (trouble === null || 'until' in trouble) return target.enqueue(...args);
        const { fate, isDone = false, isTransient = true } = trouble;
        if (isDone) await target.enqueue(...args);
        throw new BackendError('WINGMAN_BACKEND_UNREACHABLE', 'out of reach', fate, { isTransient });
      };
    },
  });
  const wingman = await connect(backend, { enqueueTimeout });
  onTestFinished(async () => {
    await wingman.close();
    await memory.close();
  });
  return { wingman, memory, calls: () => calls };
}

test('an enqueue waits out a short outage', async () => {
  const { wingman, memory } = await client(60_000, (number) => (number < 4 ? { fate: 'not done' } : null));
  const { id } = await wingman.enqueue(type);
  expect((await memory.find(id))?.state).toBe('waiting');
});

test('one whose answer was lost is made again under the same call: there is one job', async () => {
  const { wingman, memory } = await client(60_000, (number) =>
    number === 1 ? { fate: 'unknown', isDone: true } : null,
  );
  await wingman.enqueue(type);
  expect(await memory.size('default')).toBe(1);
});

test.each([
  ['not done', 'it was not sent'],
  ['unknown', 'it may be enqueued'],
] as const)('one that finds no way in time rejects, and says that its fate is: %s', async (fate, words) => {
  const { wingman, calls } = await client(80, () => ({ fate }));
  const rejected = wingman.enqueue(type, undefined, { id: 'mine' });
  await expect(rejected).rejects.toMatchObject({
    name: 'EnqueueTimeoutError',
    code: 'WINGMAN_ENQUEUE_TIMEOUT',
    id: 'mine',
    fate,
    message: expect.stringContaining(words),
    cause: { message: 'out of reach' },
  });
  expect(calls()).toBeGreaterThan(1);
});

test('a try of which nothing is known is not made good by later ones that were refused', async () => {
  for (const unknown of [1, 2]) {
    const { wingman, calls } = await client(1_500, (number) => ({ fate: number === unknown ? 'unknown' : 'not done' }));
    await expect(wingman.enqueue(type)).rejects.toMatchObject({ fate: 'unknown' });
    expect(calls()).toBeGreaterThan(2);
  }
});

test('a backend that never answers is not waited for any longer than asked', async () => {
  const { wingman } = await client(30, () => 'silence');
  const began = systemClock.monotonic();
  await expect(wingman.enqueue(type)).rejects.toMatchObject({ code: 'WINGMAN_ENQUEUE_TIMEOUT', fate: 'unknown' });
  // A limit against hanging, and no measure of speed.
  expect(systemClock.monotonic() - began).toBeLessThan(10_000);
});

test('an answer that comes when nobody waits for it any more changes nothing', async () => {
  let release = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { wingman, memory } = await client(30, (number) => (number === 1 ? { until } : null));
  await expect(wingman.enqueue(type)).rejects.toMatchObject({ code: 'WINGMAN_ENQUEUE_TIMEOUT', fate: 'unknown' });
  release();
  await expect.poll(() => memory.size('default')).toBe(1);
  // Counted as ended twice, the next would not be waited for.
  const next = wingman.enqueue(type);
  await wingman.close();
  expect(await memory.size('default')).toBe(2);
  await next;
});

test('what a later try could not mend rejects at once', async () => {
  const { wingman, calls } = await client(60_000, () => ({ fate: 'not done', isTransient: false }));
  await expect(wingman.enqueue(type)).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_UNREACHABLE' });
  expect(calls()).toBe(1);
});

test('of many, the error names the first that is not enqueued', async () => {
  const numbered = defineJob<number>({ type: 'numbered' });
  const { wingman, memory } = await client(80, (number) => (number === 1 ? null : { fate: 'not done' }));
  const inputs = Array.from({ length: 700 }, (_, index) => index);
  const error: unknown = await wingman.enqueueMany(numbered, inputs).catch((thrown: unknown) => thrown);
  if (!(error instanceof BackendError)) throw new Error('an error was expected');
  expect(error.code).toBe('WINGMAN_ENQUEUE_TIMEOUT');
  expect(await memory.size('default')).toBe(500);
});

test('a job that must be on another server says where it is not', async () => {
  const { wingman, memory } = await client(1_000, () => null);
  await expect(wingman.enqueue(type, undefined, { id: 'a', durability: 'replicated' })).rejects.toMatchObject({
    code: 'WINGMAN_NOT_REPLICATED',
    message: expect.stringContaining('job a is enqueued, and on 0 of 1 replicas'),
  });
  expect((await memory.find('a'))?.state).toBe('waiting');
  for (const durability of [{ replicas: 0 }, { replicas: 1.5 }, 'twice']) {
    const options = { durability } as Parameters<typeof wingman.enqueue>[1];
    await expect(wingman.enqueue(type.job(), options)).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
  }
});

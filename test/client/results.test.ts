// Following a job to its end: result, status, progress and events, on each backend, with a manager that runs it.

import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { open as openMemory } from '../../src/backends/memory/index.ts';
import { connect } from '../../src/client/connect.ts';
import type { EnqueuedJob } from '../../src/client/enqueued.ts';
import type { JobHandle } from '../../src/client/job-handle.ts';
import type { JobUpdate } from '../../src/client/updates.ts';
import type { Wingman } from '../../src/client/wingman.ts';
import type { Backend } from '../../src/contract/backend.ts';
import { defineJob, type Handler } from '../../src/core/job.ts';
import { happened, Latch, openStore, run, stores, storeUrl } from '../manager/stage.ts';

const double = defineJob({ type: 'double', input: z.object({ n: z.number() }), output: z.number() });
const dated = defineJob({ type: 'dated', output: z.object({ at: z.coerce.date() }) });
const plain = defineJob({ type: 'plain' });

async function client(backend: Backend): Promise<Wingman> {
  const wingman = await connect(backend);
  onTestFinished(() => wingman.close());
  return wingman;
}

async function all<Value>(iterable: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of iterable) values.push(value);
  return values;
}

describe.each(stores)('on %s', (name) => {
  const begin = async (...handlers: readonly Handler[]) => {
    const backend = await openStore(await storeUrl(name));
    const wingman = await client(backend);
    const { manager } = await run({ backend, handlers });
    return { backend, wingman, manager };
  };

  test('a result comes to whoever asks, before the job has run or after', async () => {
    const { wingman } = await begin(double.handle(({ n }) => 2 * n));
    const job = await wingman.enqueue(double, { n: 21 });
    expect(await job.result({ timeout: '20s' })).toBe(42);
    expect(await job.result()).toBe(42);
    expect(await wingman.job(double, job.id).result()).toBe(42);
    expect(await wingman.job(job.id).result()).toBe(42);
    expect(await wingman.get(job.id)).toMatchObject({ state: 'completed', result: 42 });
    expect(await job.status()).toMatchObject({ state: 'completed', result: 42 });
  });

  test('a result is what the schema makes of what was returned', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const { wingman } = await begin(dated.handle(() => ({ at })));
    const job = await wingman.enqueue(dated);
    expect(await job.result()).toEqual({ at });
    expect(await wingman.job(job.id).result()).toEqual({ at: at.toISOString() });
  });

  test('many wait at once, and each gets its own', { timeout: 60_000 }, async () => {
    const { wingman } = await begin(double.handle(({ n }) => 2 * n));
    const count = name === 'sqlite' ? 500 : 3_000;
    const jobs = await wingman.enqueueMany(
      double,
      Array.from({ length: count }, (_, n) => ({ n })),
    );
    const results = await Promise.all(jobs.map((job) => job.result()));
    expect(results).toEqual(jobs.map((_, n) => 2 * n));
  });

  test('a job that fails for good rejects with its last failure, not with those before', async () => {
    const policy = { attempts: 2, backoff: () => 0 };
    const fragile = defineJob({ type: 'fragile', output: z.string(), retry: policy });
    const { wingman } = await begin(
      fragile.handle((_, { attempt }) => {
        throw Object.assign(new TypeError(`attempt ${attempt}`), { code: 'EFRAGILE' });
      }),
    );
    const job = await wingman.enqueue(fragile);
    const error: unknown = await job.result().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'WINGMAN_JOB_FAILED', message: expect.stringContaining('attempt 2') });
    expect(error).toHaveProperty('cause', expect.any(Error));
    expect(error).toMatchObject({ cause: { name: 'TypeError', message: 'attempt 2', code: 'EFRAGILE' } });
    await expect(job.result()).rejects.toMatchObject({ code: 'WINGMAN_JOB_FAILED' });
  });

  test('a job that is cancelled, before it runs or while it does, rejects those who wait', async () => {
    const running = new Latch();
    const { wingman, manager } = await begin(
      double.handle(async (_, { signal }) => {
        running.open();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return 1;
      }),
    );
    const later = await wingman.enqueue(double, { n: 1 }, { delay: '1h' });
    const waiting = later.result();
    await isWatched(later);
    await wingman.cancel(later.id);
    await expect(waiting).rejects.toMatchObject({ code: 'WINGMAN_JOB_CANCELLED' });
    const job = await wingman.enqueue(double, { n: 1 });
    const result = job.result();
    await running.opened;
    await isWatched(job);
    await wingman.cancel(job.id);
    await expect(result).rejects.toMatchObject({ code: 'WINGMAN_JOB_CANCELLED' });
    await happened(manager, 'cancelled');
    expect(await job.status()).toMatchObject({ id: job.id, state: 'cancelled', input: { n: 1 } });
    expect(await wingman.get(job.id)).toBeNull();
  });

  test('a time that is up, or a signal that aborts, ends the wait and not the job', async () => {
    const end = new Latch();
    const { wingman } = await begin(double.handle(({ n }) => end.opened.then(() => n)));
    const job = await wingman.enqueue(double, { n: 5 });
    await expect(job.result({ timeout: 20 })).rejects.toMatchObject({ code: 'WINGMAN_RESULT_TIMEOUT' });
    const stop = new AbortController();
    const aborted = job.result({ signal: stop.signal });
    const staying = job.result();
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'WINGMAN_CANCELED', reason: 'aborted' });
    await expect(job.result({ signal: stop.signal })).rejects.toMatchObject({ code: 'WINGMAN_CANCELED' });
    end.open();
    expect(await staying).toBe(5);
  });

  test('a job that is unknown, and one that is not kept any more, are not waited for', async () => {
    const { wingman } = await begin(double.handle(({ n }) => n));
    await expect(wingman.job(double, 'never').result()).rejects.toMatchObject({ code: 'WINGMAN_JOB_NOT_FOUND' });
    const job = await wingman.enqueue(double, { n: 1 });
    await job.result();
    await wingman.discard(job.id);
    await expect(job.result()).rejects.toMatchObject({ code: 'WINGMAN_JOB_NOT_FOUND' });
    expect(await wingman.job('never').status()).toBeNull();
    expect(await wingman.job('never').progress()).toBeUndefined();
    expect(await all(wingman.job('never').events())).toEqual([{ event: 'end', state: null }]);
  });

  test('progress is told to those who look, the last of it always', async () => {
    const half = new Latch();
    const steps = defineJob({ type: 'steps', output: z.null() });
    const { wingman } = await begin(
      steps.handle(async (_, { progress }) => {
        for (let done = 0; done <= 500; done += 1) progress({ done, of: 1_000 });
        await half.opened;
        for (let done = 501; done <= 1_000; done += 1) progress({ done, of: 1_000 });
        return null;
      }),
    );
    const job = await wingman.enqueue(steps);
    await expect.poll(() => job.progress()).toEqual({ done: 500, of: 1_000 });
    expect(await wingman.get(job.id)).toMatchObject({ state: 'processing', progress: { done: 500, of: 1_000 } });
    half.open();
    await job.result();
    expect(await job.status()).toMatchObject({ state: 'completed', progress: { done: 1_000, of: 1_000 } });
  });

  test('events tell how a job goes, up to its end', async () => {
    const [begun, reported, end] = [new Latch(), new Latch(), new Latch()];
    const { wingman } = await begin(
      plain.handle(async (_, { progress }) => {
        await begun.opened;
        progress('half way');
        await reported.opened;
        progress('done');
        await end.opened;
      }),
    );
    const job = await wingman.enqueue(plain);
    await expect.poll(async () => (await job.status())?.state).toBe('processing');
    const events = job.events();
    expect(await events.next()).toEqual({ done: false, value: { event: 'state', state: 'processing' } });
    begun.open();
    expect(await events.next()).toEqual({ done: false, value: { event: 'progress', progress: 'half way' } });
    reported.open();
    expect(await events.next()).toEqual({ done: false, value: { event: 'progress', progress: 'done' } });
    const last = events.next();
    end.open();
    expect(await last).toEqual({ done: false, value: { event: 'end', state: 'completed' } });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    // It is gone from the books, but not for those who watched.
    expect(await wingman.get(job.id)).toBeNull();
    expect(await job.status()).toMatchObject({ state: 'completed', type: 'plain', progress: 'done' });
    expect(await job.progress()).toBe('done');
    expect(await all(job.events())).toEqual([
      { event: 'progress', progress: 'done' },
      { event: 'end', state: 'completed' },
    ]);
  });

  test('events go through a retry, and tell that it failed', async () => {
    const policy = { attempts: 2, backoff: () => 300 };
    const seen = new Latch();
    const fragile = defineJob({ type: 'fragile', retry: policy });
    const { wingman } = await begin(
      fragile.handle(async (_, { attempt }) => {
        if (attempt === 1) await seen.opened;
        throw new Error('no luck');
      }),
    );
    const job = await wingman.enqueue(fragile, undefined, { delay: 300 });
    const updates: JobUpdate[] = [];
    for await (const update of job.events()) {
      updates.push(update);
      if (stateOf(update) === 'processing') seen.open();
    }
    expect(updates[0]).toEqual({ event: 'state', state: 'scheduled' });
    expect(updates.at(-1)).toEqual({ event: 'end', state: 'failed' });
    // It waited, ran and was put off between the two, and two states in a row are never the same.
    expect(updates.length).toBeGreaterThan(3);
    const states = updates.map(stateOf);
    expect(states.filter((state, at) => state === states[at - 1])).toEqual([]);
  });

  test('leaving the loop, or a signal, ends the events and frees what they hold', async () => {
    const { wingman, backend } = await begin(plain.handle(() => {}));
    const job = await wingman.enqueue(plain, undefined, { delay: '1h' });
    for await (const update of job.events()) {
      expect(update).toEqual({ event: 'state', state: 'scheduled' });
      break;
    }
    const stop = new AbortController();
    const events = job.events({ signal: stop.signal });
    await events.next();
    const next = events.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await all(job.events({ signal: stop.signal }))).toEqual([]);
    const other = job.events();
    const pending = other.next();
    expect(await other.return?.()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    // Who leaves says so before anybody is looked at who comes later. So nobody watches by now, and how it ends is not kept.
    await isWatched(await wingman.enqueue(plain, undefined, { delay: '1h' }));
    await wingman.cancel(job.id);
    expect(await job.status()).toBeNull();
    expect(await backend.results.ended(job.id)).toBeNull();
  });

  test('a client that is closed ends all waits at once, and refuses new ones', async () => {
    const { wingman } = await begin(double.handle(({ n }) => n));
    const job = await wingman.enqueue(double, { n: 1 }, { delay: '1h' });
    const waits = [job.result(), job.result({ timeout: '1h' }), all(job.events())];
    const settled = Promise.allSettled(waits);
    await isWatched(job);
    await wingman.close();
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'WINGMAN_BACKEND_CLOSED' } });
    }
    for (const late of [job.result(), job.status(), job.progress(), job.events().next()]) {
      await expect(late).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' });
    }
  });
});

test('a type that keeps no results refuses to be asked for one, at once', async () => {
  const backend = await openMemory();
  const wingman = await client(backend);
  const job = await wingman.enqueue(plain);
  for (const handle of [job, wingman.job(plain, job.id)]) {
    const refused = Reflect.apply(handle.result, handle, []);
    await expect(refused).rejects.toMatchObject({
      code: 'WINGMAN_NO_RESULT',
      message: expect.stringContaining('plain'),
    });
  }
  // The id alone does not say of which type it is: then it is known when the job has completed.
  await run({ backend, handlers: [plain.handle(() => 7)] });
  await expect(wingman.job(job.id).result()).rejects.toMatchObject({
    code: expect.stringMatching(/NO_RESULT|NOT_FOUND/),
  });
});

test('a result that its own schema refuses, or JSON, or that is too large, is a failed attempt that says so', async () => {
  const backend = await openMemory({ maxPayload: 200 });
  const wingman = await client(backend);
  const once = { retry: { attempts: 1 } };
  const wrong = defineJob({ type: 'wrong', output: z.object({ n: z.number() }), ...once });
  const lossy = defineJob({ type: 'lossy', output: z.unknown(), ...once });
  const large = defineJob({ type: 'large', output: z.string(), ...once });
  const asked: unknown = { n: '1' };
  const handlers = [
    wrong.handle(() => asked as { n: number }),
    lossy.handle(() => ({ at: [new Map()] })),
    large.handle(() => 'x'.repeat(300)),
  ];
  await run({ backend, handlers });
  const failures = [
    [wrong, 'WINGMAN_OUTPUT_INVALID', /result of job type 'wrong' .* n: /],
    [lossy, 'WINGMAN_PAYLOAD_NOT_JSON', /result of job type 'lossy' .* at\[0\]/],
    [large, 'WINGMAN_PAYLOAD_TOO_LARGE', /result of job type 'large' takes 302 bytes/],
  ] as const;
  for (const [type, code, message] of failures) {
    const job = await wingman.enqueue(type.job());
    await expect(job.result()).rejects.toMatchObject({
      code: 'WINGMAN_JOB_FAILED',
      cause: { code, message: expect.stringMatching(message) },
    });
  }
});

test('who enqueues what another job stands for waits for that one', async () => {
  const backend = await openMemory();
  const wingman = await client(backend);
  const unique = { key: () => 'one', while: 'until done' } as const;
  const single = defineJob({ type: 'single', input: z.number(), output: z.number(), unique });
  const [first, second] = [await wingman.enqueue(single, 1), await wingman.enqueue(single, 2)];
  expect(second).toMatchObject({ id: first.id, outcome: 'kept' });
  await run({ backend, handlers: [single.handle((n) => n)] });
  expect(await Promise.all([first.result(), second.result()])).toEqual([1, 1]);
});

test('a process with another schema is told where the result does not fit', async () => {
  const backend = await openMemory();
  const wingman = await client(backend);
  await run({ backend, handlers: [double.handle(({ n }) => n)] });
  const { id } = await wingman.enqueue(double, { n: 1 });
  const newer = defineJob({ type: 'double', output: z.object({ n: z.number() }) });
  await expect(wingman.job(newer, id).result()).rejects.toMatchObject({ code: 'WINGMAN_OUTPUT_INVALID' });
});

test('a handler that reports what cannot be told fails where it does, and says so', async () => {
  const backend = await openMemory();
  const wingman = await client(backend);
  const noisy = defineJob({ type: 'noisy', input: z.number(), output: z.null(), retry: { attempts: 1 } });
  const values = [1n, 'x'.repeat(16_384)];
  const handler = noisy.handle((index, { progress }) => {
    progress(values[index]);
    return null;
  });
  await run({ backend, handlers: [handler] });
  const codes = ['WINGMAN_PAYLOAD_NOT_JSON', 'WINGMAN_PAYLOAD_TOO_LARGE'];
  for (const [index, code] of codes.entries()) {
    const job = await wingman.enqueue(noisy, index);
    await expect(job.result()).rejects.toMatchObject({ cause: { code, message: expect.stringContaining('progress') } });
  }
});

test('an option that makes no sense is refused', async () => {
  const wingman = await client(await openMemory());
  const job = wingman.job(double, 'a');
  const invalid = { code: 'WINGMAN_OPTION_INVALID' };
  for (const options of [{ timeout: -1 }, { timeout: 'soon' }, { signal: 1 }, { tiemout: 1 }, 5, null]) {
    await expect(Reflect.apply(job.result, job, [options])).rejects.toMatchObject(invalid);
  }
  for (const options of [{ signal: {} }, { timeout: 1 }, 5]) {
    expect(() => Reflect.apply(job.events, job, [options])).toThrowError(expect.objectContaining(invalid));
  }
  for (const args of [[], [5], ['{'], [double], [{}, 'a'], [double, '']]) {
    expect(() => Reflect.apply(wingman.job, wingman, args)).toThrowError(expect.objectContaining(invalid));
  }
});

test('a handle looks like what it stands for, and nothing else', async () => {
  const wingman = await client(await openMemory());
  const job = await wingman.enqueue(plain, undefined, { id: 'mine' });
  const facts = { id: 'mine', type: 'plain', queue: 'default', outcome: 'enqueued' };
  expect(JSON.stringify(job)).toBe(JSON.stringify(facts));
  expect(Object.entries(job)).toEqual(Object.entries(facts));
  expect(JSON.stringify(wingman.job('mine'))).toBe('{"id":"mine"}');
});

test('a type with an output is kept for an hour unless it says how long', async () => {
  const HOUR = 3_600_000;
  expect(double.keep).toEqual({ for: HOUR, count: null });
  expect(defineJob({ type: 't', output: z.null(), keep: 5 }).keep).toEqual({ for: null, count: 5 });
  expect(plain.keep).toBeNull();
  const output = JSON.parse('{}');
  expect(() => defineJob({ type: 't', output })).toThrowError(
    expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID' }),
  );
});

function stateOf(update: JobUpdate): unknown {
  return update.event === 'progress' ? update.progress : update.state;
}

/** Resolves when the store knows that this client watches a job: for those as well who began before. */
async function isWatched(job: JobHandle<unknown> | JobHandle<number> | EnqueuedJob): Promise<void> {
  const events = job.events();
  await events.next();
  await events.return?.();
}

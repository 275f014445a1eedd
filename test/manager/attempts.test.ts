// One bad attempt must not cost more than itself: whatever a handler does, the manager goes on.

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Caller } from '../../src/contract/call.ts';
import { defineJob, type Handler } from '../../src/core/job.ts';
import { Manager } from '../../src/manager/manager.ts';
import { newId, newName } from '../../src/runtime/identity.ts';
import { enqueue, happened, Latch, openStore, run } from './stage.ts';

const once = { attempts: 1 };

/** Runs one job of each handler with one slot, and returns its view when all have ended in a failure. */
async function failures(...handlers: Handler[]) {
  const backend = await openStore('memory:');
  const jobs = handlers.map(({ definition: { type, queue } }) => ({ type, queue, payload: null, lock: null }));
  const ids = await enqueue(backend, ...jobs);
  const { manager, log } = await run({ backend, handlers, concurrency: 1 });
  const failed = happened(manager, 'failed', ids.length);
  await failed;
  const views = await Promise.all(ids.map((id) => backend.find(id)));
  return { last: views.map((view) => view?.failures.at(-1)), log };
}

test('whatever a handler throws becomes a failed attempt that tells of it', async () => {
  const thrown = [null, undefined, 'text', 42n, { code: 'E' }, Symbol('s'), new Error('')];
  const throwers = thrown.flatMap((value, index) => [
    defineJob({ type: `sync ${index}`, retry: once }).handle(() => {
      throw value;
    }),
    defineJob({ type: `async ${index}`, retry: once }).handle(() => Promise.reject(value)),
  ]);
  const { last } = await failures(...throwers);
  const messages = ['null', 'undefined', '"text"', '42n', '{"code":"E"}', 'Symbol(s)', ''];
  expect(last.map((failure) => failure?.message)).toEqual(messages.flatMap((message) => [message, message]));
  expect(last.at(0)?.name).toBe('NonError');
});

test('an error whose getters throw, and a thenable that throws, are failed attempts too', async () => {
  const hostile = defineJob({ type: 'hostile', retry: once }).handle(() => {
    throw Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('in a getter');
      },
    });
  });
  const thenable = defineJob({ type: 'thenable', retry: once }).handle(() => ({
    // biome-ignore lint/suspicious/noThenProperty: this is what is tested
    get then() {
      throw new Error('in then');
    },
  }));
  const { last } = await failures(hostile, thenable);
  expect(last.map((failure) => failure?.message)).toEqual(['what was thrown cannot be read', 'in then']);
});

test('a handler that never settles is ended by its timeout, and its slot is free for the next job', async () => {
  const reasons: unknown[] = [];
  const stuck = defineJob({ type: 'stuck', timeout: 20, retry: once }).handle((_, { signal }) => {
    signal.addEventListener('abort', () => reasons.push(signal.reason));
    return new Promise(() => {});
  });
  const next = defineJob({ type: 'next', retry: once }).handle(() => {
    throw new Error('ran');
  });
  const { last } = await failures(stuck, next);
  expect(last.map((failure) => failure?.code ?? failure?.message)).toEqual(['WINGMAN_TIMEOUT', 'ran']);
  expect(reasons).toEqual([expect.objectContaining({ code: 'WINGMAN_TIMEOUT' })]);
});

test('what an abandoned handler does later is logged, and changes nothing', async () => {
  const rejections: unknown[] = [];
  const listener = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', listener);
  onTestFinished(() => void process.off('unhandledRejection', listener));
  const end = new Latch();
  const late = defineJob({ type: 'late', timeout: 5, retry: once }).handle(async () => {
    await end.opened;
    throw new Error('too late');
  });
  const { log } = await failures(late);
  end.open();
  await new Promise((resolve) => setImmediate(resolve));
  expect(log.of('an abandoned handler threw at last; its job was settled before')).toEqual([
    expect.objectContaining({ type: 'late', err: expect.objectContaining({ message: 'too late' }) }),
  ]);
  expect(rejections).toEqual([]);
});

test('a handler that returns because its time is up has failed', async () => {
  const polite = defineJob({ type: 'polite', timeout: 5, retry: once }).handle(
    (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
  );
  expect((await failures(polite)).last[0]?.code).toBe('WINGMAN_TIMEOUT');
});

test('an input that does not fit its schema any more fails at once, without retries', async () => {
  const backend = await openStore('memory:');
  const inputs: unknown[] = [];
  const strict = defineJob({ type: 'strict', input: z.object({ to: z.email(), n: z.number() }) });
  const [id = ''] = await enqueue(backend, { type: 'strict', payload: { to: 'nobody', n: '1' } });
  const { manager } = await run({ backend, handlers: [strict.handle((input) => inputs.push(input))] });
  const [failed] = await happened(manager, 'failed');
  expect(failed?.detail).toContain('to: Invalid email');
  expect(failed?.detail).toContain('n: Invalid input');
  expect(inputs).toEqual([]);
  expect(await backend.find(id)).toMatchObject({ state: 'failed', job: { attempts: 1 } });
});

test('a payload that is not JSON is dead-lettered with its bytes, and the next job runs', async () => {
  const backend = await openStore('memory:');
  const any = defineJob<unknown>({ type: 'any' });
  const damaged = { id: newId(), type: 'any', queue: 'default', payload: '{"cut', locks: [] };
  await new Caller(newName()).call((call) => backend.enqueue(call, [damaged]));
  await enqueue(backend, any.job(1));
  const { manager } = await run({ backend, handlers: [any.handle(() => {})], concurrency: 1 });
  const [[dead]] = await Promise.all([happened(manager, 'dead'), happened(manager, 'completed')]);
  expect(dead).toMatchObject({ id: damaged.id, type: 'any', detail: expect.stringContaining('not JSON') });
  const [letter] = await backend.deadLetters(0, 10);
  expect(new TextDecoder().decode(letter?.raw)).toBe('{"cut');
});

test('a backoff function that throws leaves the retry to the default policy, and says so', async () => {
  const backend = await openStore('memory:');
  const broken = defineJob({
    type: 'broken',
    retry: {
      attempts: 2,
      backoff: () => {
        throw new Error('no idea how long');
      },
    },
  });
  const [id = ''] = await enqueue(backend, broken.job());
  const handler = broken.handle(() => {
    throw new Error('boom');
  });
  const { manager, log } = await run({ backend, handlers: [handler], random: () => 0.5 });
  const [retrying] = await happened(manager, 'retrying');
  expect(retrying).toMatchObject({ delay: 2_000, detail: 'boom', attempt: 1 });
  expect((await backend.find(id))?.failures[0]?.cause?.message).toBe('no idea how long');
  expect(log.of('the backoff function failed; the default policy is used')).toHaveLength(1);
});

test('a lock function that throws for a foreign job is a failed attempt', async () => {
  const backend = await openStore('memory:');
  const broken = defineJob({
    type: 'broken',
    retry: once,
    lock: () => {
      throw new Error('no key');
    },
  });
  await enqueue(backend, { type: 'broken', payload: null });
  const { manager } = await run({ backend, handlers: [broken.handle(() => {})] });
  expect((await happened(manager, 'failed'))[0]?.detail).toBe('no key');
});

test('the context names the run, and its logger carries the job', async () => {
  const backend = await openStore('memory:');
  const seen = new Map<string, unknown>();
  const type = defineJob<{ a: number }>({ type: 'seen', queue: 'q' });
  const handler = type.handle((input, { id, attempt, signal, log, token }) => {
    seen.set('input', input).set('id', id).set('attempt', attempt).set('token', token);
    seen.set('aborted', signal.aborted);
    log.info({ extra: 1 }, 'hello');
  });
  const [id] = await enqueue(backend, type.job({ a: 1 }));
  const { manager, log } = await run({ backend, handlers: [handler] });
  const [claimed] = await happened(manager, 'claimed');
  await happened(manager, 'completed');
  expect(Object.fromEntries(seen)).toEqual({
    input: { a: 1 },
    id,
    attempt: 1,
    token: expect.stringMatching(/^\d+$/),
    aborted: false,
  });
  const at = { queue: 'q', type: 'seen', worker: manager.worker, token: seen.get('token'), attempt: 1 };
  expect(claimed).toEqual({ event: 'claimed', id, ...at });
  expect(log.of('hello')).toEqual([
    { job: id, type: 'seen', queue: 'q', attempt: 1, extra: 1, level: 'info', message: 'hello' },
  ]);
});

test('a logger that throws changes nothing', async () => {
  const backend = await openStore('memory:');
  const type = defineJob({ type: 'quiet' });
  await enqueue(backend, type.job());
  const broken = () => {
    throw new Error('disk full');
  };
  const logger = { debug: broken, info: broken, warn: broken, error: broken };
  const manager = new Manager({ backend, handlers: [type.handle(() => {})], signals: false, logger });
  onTestFinished(() => manager.stop());
  const completed = happened(manager, 'completed');
  void manager.start();
  await completed;
});

// An application's side: connect, enqueue, look.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { open } from '../../src/backends/memory/index.ts';
import { connect } from '../../src/client/connect.ts';
import { type Backend, MOST_CHARACTERS } from '../../src/contract/backend.ts';
import { Caller } from '../../src/contract/call.ts';
import type { NewJob } from '../../src/core/envelope.ts';
import { defineJob } from '../../src/core/job.ts';
import { startRedis } from '../harness/redis-server.ts';

const invoice = defineJob({
  type: 'invoice.send',
  queue: 'billing',
  input: z.object({ tenant: z.string(), lines: z.array(z.object({ n: z.number() })).default([]) }),
  lock: ({ tenant }) => ({ key: `tenant:${tenant}`, concurrency: 2 }),
});
const cleanup = defineJob({ type: 'cleanup' });

/** A client on a backend whose enqueue calls are recorded; `fail` makes them reject. */
async function client() {
  const memory = await open();
  const calls: (readonly NewJob[])[] = [];
  let failure: Error | null = null;
  const backend: Backend = new Proxy(memory, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'enqueue') return value.bind(target);
      return async (call: Parameters<Backend['enqueue']>[0], jobs: readonly NewJob[]) => {
        calls.push(jobs);
        if (failure !== null) throw failure;
        return target.enqueue(call, jobs);
      };
    },
  });
  const wingman = await connect(backend);
  onTestFinished(async () => {
    await wingman.close();
    await memory.close();
  });
  const fail = (error: Error): void => {
    failure = error;
  };
  return { wingman, memory, calls, fail };
}

describe('enqueue', () => {
  test('puts a job into its queue, with its locks, under a new id that sorts by time', async () => {
    const { wingman, memory } = await client();
    const first = await wingman.enqueue(invoice, { tenant: 'acme' });
    const second = await wingman.enqueue(cleanup);
    expect(first).toEqual({
      id: expect.stringMatching(/^[\w~]{22}$/),
      type: 'invoice.send',
      queue: 'billing',
      outcome: 'enqueued',
    });
    expect(second).toMatchObject({ type: 'cleanup', queue: 'default' });
    expect(first.id.slice(0, 8) <= second.id.slice(0, 8)).toBe(true);
    const view = await memory.find(first.id);
    expect(view?.job).toMatchObject({
      // As it was given: the handler gets what the schema makes of it.
      payload: '{"tenant":"acme"}',
      locks: [{ key: 'tenant:acme', concurrency: 2 }],
    });
  });

  test('takes a job that a definition made, and one without a definition', async () => {
    const { wingman } = await client();
    const made = await wingman.enqueue(invoice.job({ tenant: 'a' }), { id: 'mine' });
    expect(made).toEqual({ id: 'mine', type: 'invoice.send', queue: 'billing', outcome: 'enqueued' });
    expect(await wingman.enqueue({ type: 'free', payload: [1] })).toMatchObject({ type: 'free', queue: 'default' });
  });

  test('refuses an input that does not fit, with each path and reason, and writes nothing', async () => {
    const { wingman, calls } = await client();
    const input = JSON.parse('{ "tenant": 7, "lines": [{ "n": 1 }, { "n": "2" }] }');
    await expect(wingman.enqueue(invoice, input)).rejects.toMatchObject({
      code: 'WINGMAN_INPUT_INVALID',
      issues: [
        { path: 'tenant', message: expect.stringContaining('expected string') },
        { path: 'lines[1].n', message: expect.stringContaining('expected number') },
      ],
    });
    expect(calls).toEqual([]);
  });

  test.each<[string, unknown[], string]>([
    ['no job', [undefined], 'WINGMAN_JOB_MISSING'],
    ['a job without a type', [{ payload: 1 }], 'WINGMAN_JOB_INVALID'],
    ['a BigInt', [{ type: 't', payload: 1n }], 'WINGMAN_PAYLOAD_NOT_JSON'],
    ['too much', [{ type: 't', payload: 'x'.repeat(1_048_576) }], 'WINGMAN_PAYLOAD_TOO_LARGE'],
    ['a delay and a date', [cleanup, undefined, { delay: 1, runAt: new Date() }], 'WINGMAN_OPTION_INVALID'],
    ['a delay that is none', [cleanup, undefined, { delay: 'soon' }], 'WINGMAN_OPTION_INVALID'],
    ['a date that is none', [cleanup, undefined, { runAt: new Date('x') }], 'WINGMAN_OPTION_INVALID'],
    ['a date as text', [cleanup, undefined, { runAt: '2030-01-01' }], 'WINGMAN_OPTION_INVALID'],
    ['an id that is none', [cleanup, undefined, { id: '{' }], 'WINGMAN_OPTION_INVALID'],
    ['an option that is none', [cleanup, undefined, { dealy: 1 }], 'WINGMAN_OPTION_INVALID'],
    ['options that are none', [cleanup, undefined, 5], 'WINGMAN_OPTION_INVALID'],
    ['options of a ready job', [{ type: 't', payload: 1 }, { runat: 1 }], 'WINGMAN_OPTION_INVALID'],
  ])('refuses %s', async (_, args, code) => {
    const { wingman, calls } = await client();
    await expect(Reflect.apply(wingman.enqueue, wingman, args)).rejects.toMatchObject({ code });
    expect(calls).toEqual([]);
  });

  test('sends what is enqueued at once in one call', async () => {
    const { wingman, calls } = await client();
    const jobs = Array.from({ length: 50 }, (_, n) => wingman.enqueue(invoice, { tenant: `t${n}` }));
    const refused = wingman.enqueue(invoice, JSON.parse('{}'));
    const also = wingman.enqueue(cleanup);
    await expect(refused).rejects.toMatchObject({ code: 'WINGMAN_INPUT_INVALID' });
    const ids = (await Promise.all([...jobs, also])).map(({ id }) => id);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  test('sends many that are enqueued at once in two calls, of which the store answers one while the other is made', async () => {
    const { wingman, calls } = await client();
    const jobs = await Promise.all(Array.from({ length: 101 }, () => wingman.enqueue(cleanup)));
    expect(calls.map(({ length }) => length)).toEqual([51, 50]);
    expect(calls.flat().map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
  });

  test('bounds a call by jobs and by size', async () => {
    const { wingman, calls } = await client();
    await Promise.all(Array.from({ length: 1_100 }, () => wingman.enqueue(cleanup)));
    expect(calls.map(({ length }) => length)).toEqual([500, 500, 100]);
    calls.length = 0;
    const payload = 'x'.repeat(MOST_CHARACTERS / 4 - 2);
    await Promise.all(Array.from({ length: 9 }, () => wingman.enqueue({ type: 'big', payload })));
    expect(calls.map(({ length }) => length)).toEqual([4, 4, 1]);
  });

  test('rejects with what the backend says, for every job of the call', async () => {
    const { wingman, fail } = await client();
    fail(new Error('full'));
    const results = await Promise.allSettled([wingman.enqueue(cleanup), wingman.enqueue(cleanup)]);
    expect(results.map((result) => result.status === 'rejected' && String(result.reason))).toEqual([
      'Error: full',
      'Error: full',
    ]);
  });

  test('an id that is known changes nothing', async () => {
    const { wingman } = await client();
    for (const tenant of ['a', 'b']) await wingman.enqueue(invoice, { tenant }, { id: 'once' });
    expect(await wingman.size('billing')).toBe(1);
    expect((await wingman.get('once'))?.input).toEqual({ tenant: 'a' });
  });

  test('takes a delay, or a date', async () => {
    const { wingman } = await client();
    const delayed = await wingman.enqueue(cleanup, undefined, { delay: '5m' });
    const runAt = new Date(Date.now() + 3_600_000);
    const dated = await wingman.enqueue(cleanup.job(), { runAt });
    const past = await wingman.enqueue(cleanup, undefined, { runAt: new Date(0) });
    const info = await wingman.get(delayed.id);
    expect(info?.state).toBe('scheduled');
    expect((info?.runAt?.getTime() ?? 0) - (info?.enqueuedAt.getTime() ?? 0)).toBe(300_000);
    expect((await wingman.get(dated.id))?.runAt).toEqual(runAt);
    expect((await wingman.get(past.id))?.state).toBe('waiting');
  });
});

describe('enqueueMany', () => {
  test('enqueues in bounded batches, in order', async () => {
    const { wingman, calls } = await client();
    const inputs = function* () {
      for (let n = 0; n < 1_200; n += 1) yield { tenant: `t${n}` };
    };
    const jobs = await wingman.enqueueMany(invoice, inputs());
    // Each has a lock, which is half as much again.
    expect(calls.map(({ length }) => length)).toEqual([333, 167, 333, 167, 200]);
    expect(calls.flat().map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
    expect(calls.flat()[1_199]?.payload).toBe('{"tenant":"t1199"}');
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1_200);
  });

  test('takes an async source, and is never ahead of what is written by more than a batch', async () => {
    const { wingman, calls } = await client();
    let given = 0;
    let ended = false;
    const ahead: number[] = [];
    const inputs = async function* () {
      try {
        for (; given < 1_200; given += 1) {
          ahead.push(given - calls.flat().length);
          yield { tenant: `t${given}` };
        }
      } finally {
        ended = true;
      }
    };
    const jobs = await wingman.enqueueMany(invoice, inputs());
    expect(jobs).toHaveLength(1_200);
    expect(Math.max(...ahead)).toBeLessThan(500);
    expect(calls.map(({ length }) => length)).toEqual([333, 167, 333, 167, 200]);
    expect(ended).toBe(true);
  });

  test('an async source that breaks ends it, and one that is refused is closed; what was written stays', async () => {
    const { wingman, calls } = await client();
    const broken = async function* () {
      for (let n = 0; n < 600; n += 1) yield { tenant: 't' };
      throw new Error('the cursor is gone');
    };
    await expect(wingman.enqueueMany(invoice, broken())).rejects.toThrow('the cursor is gone');
    expect(calls.map(({ length }) => length)).toEqual([333, 167]);
    let isClosed = false;
    const wrong = async function* () {
      try {
        for (;;) yield JSON.parse('{}');
      } finally {
        isClosed = true;
      }
    };
    await expect(wingman.enqueueMany(invoice, wrong())).rejects.toMatchObject({ code: 'WINGMAN_INPUT_INVALID' });
    expect(isClosed).toBe(true);
  });

  test('writes none of a batch when one of it is refused, and says which', async () => {
    const { wingman, calls } = await client();
    const inputs = Array.from({ length: 700 }, (_, n) => ({ tenant: n === 650 ? JSON.parse('1') : 't' }));
    await expect(wingman.enqueueMany(invoice, inputs)).rejects.toMatchObject({
      code: 'WINGMAN_INPUT_INVALID',
      issues: [{ path: '[650].tenant' }],
    });
    expect(calls.map(({ length }) => length)).toEqual([333, 167]);
  });

  test('takes a delay for all, and no id', async () => {
    const { wingman } = await client();
    const jobs = await wingman.enqueueMany(cleanup, [undefined, undefined], { delay: 1_000 });
    expect((await wingman.stats()).scheduled).toBe(2);
    expect(jobs).toHaveLength(2);
    const many = Reflect.apply(wingman.enqueueMany, wingman, [cleanup, [undefined], { id: 'x' }]);
    await expect(many).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
  });
});

describe('looking', () => {
  test('a job is told in whatever state', async () => {
    const { wingman, memory } = await client();
    const caller = new Caller('test');
    const { id } = await wingman.enqueue(invoice, { tenant: 'a' });
    expect(await wingman.get(id)).toEqual({
      ...{ id, type: 'invoice.send', queue: 'billing', state: 'waiting', input: { tenant: 'a' } },
      ...{ locks: [{ key: 'tenant:a', concurrency: 2 }], attempts: 0, crashes: 0, failures: [] },
      ...{ enqueuedAt: expect.any(Date), priority: 0, tags: [] },
    });
    await memory.register('w', 10_000);
    const claim = { queues: ['billing'], count: 1, locks: 'take' } as const;
    const { claimed } = await caller.call((call) => memory.exchange(call, { worker: 'w', settlements: [], claim }));
    expect(await wingman.get(id)).toMatchObject({ state: 'processing', worker: 'w' });
    const outcome = { kind: 'failed', failure: { name: 'Error', message: 'boom' } } as const;
    const settlements = claimed.map((job) => ({ job, outcome }));
    await caller.call((call) => memory.exchange(call, { worker: 'w', settlements }));
    const failed = await wingman.get(id);
    expect(failed).toMatchObject({ state: 'failed', attempts: 1, failedAt: expect.any(Date) });
    expect(failed?.failures).toEqual([
      { name: 'Error', message: 'boom', attempt: 1, worker: 'w', at: expect.any(Date) },
    ]);
    expect(await wingman.list({ state: 'failed' })).toEqual([failed]);
    expect(await wingman.list({ state: 'failed' }, { offset: 1 })).toEqual([]);
    expect(await wingman.get('nobody')).toBeNull();
    expect((await wingman.stats()).counters).toEqual({ successful: 0, failed: 1 });
  });

  test('a damaged payload is shown as it is, and dead letters can be read', async () => {
    const { wingman, memory } = await client();
    const damaged = { id: 'd', type: 't', queue: 'q', payload: '{"cut', locks: [] };
    const caller = new Caller('test');
    await caller.call((call) => memory.enqueue(call, [damaged]));
    expect((await wingman.get('d'))?.input).toBe('{"cut');
    await memory.register('w', 10_000);
    const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
    const { claimed } = await caller.call((call) => memory.exchange(call, { worker: 'w', settlements: [], claim }));
    const settlements = claimed.map((job) => ({ job, outcome: { kind: 'dead', reason: 'damaged' } as const }));
    await caller.call((call) => memory.exchange(call, { worker: 'w', settlements }));
    expect(await wingman.deadLetters()).toEqual([expect.objectContaining({ queue: 'q', reason: 'damaged' })]);
    expect(await wingman.deadLetters({ offset: 1, limit: 1 })).toEqual([]);
  });
});

describe('close', () => {
  test('waits for what is being enqueued, does nothing a second time, and refuses what comes later', async () => {
    const { wingman, memory } = await client();
    const pending = wingman.enqueue(invoice, { tenant: 'a' });
    const many = wingman.enqueueMany(cleanup, Array<undefined>(700).fill(undefined));
    const closes = [wingman.close(), wingman.close()];
    expect(closes[0]).toBe(closes[1]);
    await Promise.all(closes);
    await Promise.all([pending, many]);
    const closed = { code: 'WINGMAN_BACKEND_CLOSED' };
    await expect(wingman.enqueue(cleanup)).rejects.toMatchObject(closed);
    await expect(wingman.enqueueMany(cleanup, [])).rejects.toMatchObject(closed);
    await expect(wingman.get('a')).rejects.toMatchObject(closed);
    await expect(wingman.stats()).rejects.toMatchObject(closed);
    await expect(wingman.size('q')).rejects.toMatchObject(closed);
    // What it was handed it does not close.
    expect(await memory.size('default')).toBe(700);
  });

  test('a client is closed where its scope ends', async () => {
    const wingman = await connect('memory:');
    await wingman[Symbol.asyncDispose]();
    await expect(wingman.stats()).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' });
  });
});

describe('connect', () => {
  test('opens a URL, with options or without', async () => {
    for (const wingman of [
      await connect('memory:', { maxPayload: 10 }),
      await connect({ url: 'memory:', maxPayload: 10 }),
    ]) {
      await expect(wingman.enqueue({ type: 't', payload: 'x'.repeat(20) })).rejects.toMatchObject({
        code: 'WINGMAN_PAYLOAD_TOO_LARGE',
      });
      await wingman.close();
    }
  });

  test('takes what has a backend, as the stages do', async () => {
    const backend = await open();
    const wingman = await connect({ backend });
    await wingman.enqueue(cleanup);
    await wingman.close();
    expect(await backend.size('default')).toBe(1);
    await backend.close();
  });

  test.each<[string, unknown[], string]>([
    ['a URL of no backend', ['http://localhost'], 'WINGMAN_BACKEND_URL'],
    ['nothing', [], 'WINGMAN_OPTION_INVALID'],
    ['an object without a URL', [{ prefix: 'x' }], 'WINGMAN_OPTION_INVALID'],
    ['an unreachable server', ['redis://127.0.0.1:1'], 'WINGMAN_BACKEND_UNREACHABLE'],
  ])('refuses %s', async (_, args, code) => {
    await expect(Reflect.apply(connect, undefined, args)).rejects.toMatchObject({ code });
  });

  test('refuses options for a backend that is open already', async () => {
    const backend = await open();
    await expect(connect(backend, { maxPayload: 1 })).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
    await backend.close();
  });

  test.each(['sqlite', 'redis'] as const)('enqueues on %s as on memory', async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'wingman-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    let url = `sqlite:${join(folder, 'jobs.db')}`;
    if (name === 'redis') {
      const server = await startRedis();
      onTestFinished(() => server.stop());
      url = server.url;
    }
    const wingman = await connect(url);
    const jobs = await Promise.all(Array.from({ length: 50 }, (_, n) => wingman.enqueue(invoice, { tenant: `t${n}` })));
    await wingman.enqueueMany(
      cleanup,
      Array.from({ length: 600 }, () => undefined),
    );
    expect(await wingman.size('billing')).toBe(50);
    expect(await wingman.size('default')).toBe(600);
    expect((await wingman.get(jobs[7]?.id ?? ''))?.input).toEqual({ tenant: 't7' });
    const listed = await wingman.list({ state: 'waiting', queue: 'billing' });
    expect(listed.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
    await wingman.close();
  });
});

// Jobs of which one stands: throttle, debounce, and what an application is told.

import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { connect } from '../../src/client/connect.ts';
import { completed, failed, Session } from '../../src/contract/conformance/session.ts';
import { Stages } from '../../src/contract/stages.ts';
import { JobConflictError } from '../../src/core/errors.ts';
import { defineJob } from '../../src/core/job.ts';
import { systemClock } from '../../src/runtime/clock.ts';

async function client() {
  let now = 1_000_000;
  const memory = await open({ clock: { ...systemClock, now: () => now } });
  const wingman = await connect(memory);
  onTestFinished(async () => {
    await wingman.close();
    await memory.close();
  });
  const pass = (milliseconds: number): void => {
    now += milliseconds;
  };
  return { wingman, memory, session: new Session(memory), pass };
}

const index = defineJob<{ page: string; n: number }>({ type: 'index', queue: 'search' });
const later = { delay: '5s' } as const;

test('an enqueue that meets another job is told which one stands', async () => {
  const { wingman } = await client();
  const unique = { key: 'home' };
  const first = await wingman.enqueue(index, { page: 'home', n: 1 }, { unique, id: 'first' });
  expect(first).toEqual({ id: 'first', type: 'index', queue: 'search', outcome: 'enqueued' });
  expect(await wingman.enqueue(index, { page: 'home', n: 2 }, { unique })).toEqual({ ...first, outcome: 'kept' });
  expect(await wingman.enqueue(index, { page: 'home', n: 2 }, { unique, id: 'first' })).toEqual({
    ...first,
    outcome: 'duplicate',
  });
  const replacing = { unique: { ...unique, onConflict: 'replace' }, id: 'second' } as const;
  expect(await wingman.enqueue(index, { page: 'home', n: 3 }, replacing)).toEqual({
    ...{ id: 'second', type: 'index', queue: 'search', outcome: 'replaced', replaced: 'first' },
  });
  expect(await wingman.get('second')).toMatchObject({ input: { n: 3 }, unique: { key: 'home', while: 'until done' } });
  expect(await wingman.size('search')).toBe(1);
});

test('one that asks to be rejected is so, with the job that stands', async () => {
  const { wingman } = await client();
  const unique = { key: 'home', onConflict: 'reject' } as const;
  const { id } = await wingman.enqueue(index, { page: 'home', n: 1 }, { unique });
  const second = wingman.enqueue(index, { page: 'home', n: 2 }, { unique });
  await expect(second).rejects.toBeInstanceOf(JobConflictError);
  await expect(second).rejects.toMatchObject({ code: 'WINGMAN_JOB_CONFLICT', standing: id });
  await expect(second).rejects.toThrow(`job ${id} of type 'index' stands for its unique key`);
});

test('enqueues made at once have a result each', async () => {
  const { wingman } = await client();
  const unique = { key: 'home', onConflict: 'reject' } as const;
  const settled = await Promise.allSettled(
    [{ unique, id: 'a' }, { unique, id: 'b' }, { id: 'c' }].map((options, n) =>
      wingman.enqueue(index, { page: 'home', n }, options),
    ),
  );
  expect(settled.map((each) => (each.status === 'fulfilled' ? each.value.outcome : each.reason.standing))).toEqual([
    'enqueued',
    'a',
    'enqueued',
  ]);
});

test('enqueueMany gives a result for each input, in order, also for those that are rejected', async () => {
  const { wingman } = await client();
  const build = defineJob<{ tenant: string; mode: 'keep' | 'reject' | 'replace' }>({
    type: 'build',
    unique: ({ tenant, mode }) => ({ key: tenant, onConflict: mode }),
  });
  const inputs = [
    { tenant: 'a', mode: 'keep' },
    { tenant: 'b', mode: 'keep' },
    { tenant: 'a', mode: 'keep' },
    { tenant: 'b', mode: 'reject' },
    { tenant: 'b', mode: 'replace' },
    { tenant: 'c', mode: 'reject' },
  ] as const;
  const jobs = await wingman.enqueueMany(build, inputs);
  const [a, b, keptA, rejected, replaced, c] = jobs;
  expect(jobs.map(({ outcome }) => outcome)).toEqual([
    ...['enqueued', 'enqueued', 'kept', 'rejected', 'replaced', 'enqueued'],
  ]);
  expect(keptA?.id).toBe(a?.id);
  expect(rejected?.id).toBe(b?.id);
  expect(replaced?.replaced).toBe(b?.id);
  expect((await wingman.list({ state: 'waiting', queue: 'default' })).map(({ id }) => id)).toEqual([
    ...[a?.id, replaced?.id, c?.id],
  ]);
});

test('a thousand inputs have a thousand results, over several batches', async () => {
  const { wingman } = await client();
  const build = defineJob<{ n: number }>({ type: 'build', unique: { key: ({ n }) => String(n % 700) } });
  const jobs = await wingman.enqueueMany(
    build,
    Array.from({ length: 1_000 }, (_, n) => ({ n })),
  );
  expect(jobs.map(({ outcome }) => outcome)).toEqual(
    Array.from({ length: 1_000 }, (_, n) => (n < 700 ? 'enqueued' : 'kept')),
  );
  expect(jobs[900]?.id).toBe(jobs[200]?.id);
});

test('throttle: one job in ten minutes, however fast it is done', async () => {
  const { wingman, session, pass } = await client();
  const refresh = defineJob<{ feed: string }>({ type: 'refresh', unique: { key: ({ feed }) => feed, for: '10m' } });
  const { id } = await wingman.enqueue(refresh, { feed: 'news' });
  await session.settle(await session.take(await session.worker(), id, 'default'), completed);
  expect(await wingman.enqueue(refresh, { feed: 'news' })).toMatchObject({ id, outcome: 'kept' });
  expect(await wingman.enqueue(refresh, { feed: 'weather' })).toMatchObject({ outcome: 'enqueued' });
  pass(599_999);
  expect(await wingman.enqueue(refresh, { feed: 'news' })).toMatchObject({ id, outcome: 'kept' });
  pass(1);
  expect(await wingman.enqueue(refresh, { feed: 'news' })).toMatchObject({ outcome: 'enqueued' });
});

test('a throttle can be looked at, and ended', async () => {
  const { wingman } = await client();
  const refresh = defineJob<{ feed: string }>({ type: 'refresh', unique: { key: ({ feed }) => feed, for: '10m' } });
  expect(await wingman.standing(refresh, 'news')).toBeNull();
  const { id } = await wingman.enqueue(refresh, { feed: 'news' });
  expect(await wingman.standing('refresh', 'news')).toEqual({ id, queue: 'default', until: new Date(1_600_000) });
  expect(await wingman.releaseKey(refresh, 'news')).toBe(true);
  expect(await wingman.releaseKey(refresh, 'news')).toBe(false);
  expect((await wingman.enqueue(refresh, { feed: 'news' }, { unique: { key: 'news' } })).outcome).toBe('enqueued');
  expect(await wingman.standing(refresh, 'news')).not.toHaveProperty('until');
  expect(await wingman.releaseKey(refresh, 'news')).toBe(false);
  await expect(wingman.standing('', 'news')).rejects.toMatchObject({ code: 'WINGMAN_JOB_INVALID' });
  await expect(Reflect.apply(wingman.standing, wingman, ['refresh'])).rejects.toThrow("option 'key'");
});

test('debounce: with the newest input, or with the first', async () => {
  const { wingman, pass } = await client();
  for (const [key, onConflict, n] of [
    ['newest', 'replace', 3],
    ['first', 'extend', 1],
  ] as const) {
    const unique = { key, while: 'waiting', onConflict } as const;
    const enqueue = (n: number) => wingman.enqueue(index, { page: key, n }, { ...later, unique });
    await enqueue(1);
    pass(4_000);
    await enqueue(2);
    pass(4_000);
    const { id } = await enqueue(3);
    const job = await wingman.get(id);
    expect(job).toMatchObject({ state: 'scheduled', input: { n } });
    expect(job?.runAt?.getTime()).toBe(1_000_000 + (key === 'newest' ? 8_000 : 16_000) + 5_000);
  }
  expect((await wingman.stats()).scheduled).toBe(2);
});

test('a failed job is retried only while no other stands for its key', async () => {
  const { wingman, session } = await client();
  const build = defineJob({ type: 'build', unique: { key: () => 'one' } });
  const worker = await session.worker();
  for (const id of ['a', 'b']) {
    await wingman.enqueue(build, undefined, { id });
    await session.settle(await session.take(worker, id, 'default'), failed);
  }
  await wingman.enqueue(build, undefined, { id: 'c' });
  await expect(wingman.retry('a')).rejects.toMatchObject({ code: 'WINGMAN_JOB_CONFLICT', standing: 'c' });
  expect(await wingman.retryAllFailed()).toBe(0);
  await wingman.cancel('c');
  expect(await wingman.retryAllFailed()).toBe(1);
  expect((await wingman.list({ state: 'failed' })).map(({ id }) => id)).toEqual(['b']);
  await expect(wingman.retry('b')).rejects.toMatchObject({ standing: 'a' });
  await expect(wingman.retry('a')).rejects.toMatchObject({ code: 'WINGMAN_JOB_STATE' });
});

test('those that cannot be retried do not keep the others behind them from it', async () => {
  const { wingman, session } = await client();
  const build = defineJob({ type: 'build' });
  const worker = await session.worker();
  const fail = async (unique: { key: string } | false): Promise<void> => {
    const { id } = await wingman.enqueue(build, undefined, { unique });
    await session.settle(await session.take(worker, id, 'default'), failed);
  };
  // Each finds its key free, as the one before has failed. More than are retried at a time.
  for (let n = 0; n < 250; n += 1) await fail({ key: 'one' });
  await fail(false);
  await fail(false);
  // One of those with the key, and the two without, which are the last.
  expect(await wingman.retryAllFailed()).toBe(3);
});

test('the stages hold to the rule of a type as well', async () => {
  const { memory } = await client();
  const stages = new Stages(memory);
  const build = defineJob<{ onConflict: 'keep' | 'reject' }>({
    type: 'build',
    unique: ({ onConflict }) => ({ key: 'k', onConflict }),
  });
  const id = await stages.pushJob(build.job({ onConflict: 'keep' }));
  expect(await stages.pushJob(build.job({ onConflict: 'keep' }))).toBe(id);
  await expect(stages.pushJob(build.job({ onConflict: 'reject' }))).rejects.toMatchObject({
    code: 'WINGMAN_JOB_CONFLICT',
    standing: id,
  });
  expect(await stages.size('default')).toBe(1);
});

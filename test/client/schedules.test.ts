// wingman.schedules on every store, with managers where jobs are to be fired.

import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Backend } from '../../src/contract/backend.ts';
import { observedSchedules } from '../../src/contract/observed-schedules.ts';
import { connect, defineJob, defineSchedules, type Wingman } from '../../src/index.ts';
import { changed } from '../harness/planting.ts';
import { openStore, stores, storeUrl } from '../manager/stage.ts';

const report = defineJob({
  type: 'report',
  queue: 'reports',
  input: z.object({ kind: z.string() }),
  lock: ({ kind }) => ({ key: kind, concurrency: 1 }),
});
const other = defineJob({ type: 'other' });
const job = report.job({ kind: 'day' });

async function begin(store: (typeof stores)[number]): Promise<{ wingman: Wingman; backend: Backend }> {
  const backend = await openStore(await storeUrl(store));
  const wingman = await connect(backend);
  onTestFinished(() => wingman.close());
  return { wingman, backend };
}

describe.each(stores)('%s', (store) => {
  test('a schedule is written, found, and listed with others', async () => {
    const { wingman, backend } = await begin(store);
    const before = await backend.now();
    const written = await wingman.schedules.upsert('nightly', { cron: '0 2 * * *', timezone: 'Europe/Berlin', job });
    expect(written).toMatchObject({ did: 'created', name: 'nightly', cron: '0 2 * * *', timezone: 'Europe/Berlin' });
    expect(written.next?.getTime()).toBeGreaterThan(before);
    const { did: _, ...info } = written;
    expect(info).toEqual({
      ...{ name: 'nightly', cron: '0 2 * * *', timezone: 'Europe/Berlin', catchUp: 'latest', overlap: 'allow' },
      ...{ type: 'report', queue: 'reports', input: { kind: 'day' }, next: info.next },
    });
    expect(await wingman.schedules.get('nightly')).toEqual(info);
    expect(await wingman.schedules.get('none')).toBeNull();
    const start = new Date('2030-01-01T00:00:00Z');
    await wingman.schedules.upsert('hourly', { every: '1h', start, end: start, job: other.job() });
    const [hourly, nightly] = await wingman.schedules.list();
    expect(hourly).toMatchObject({ name: 'hourly', every: 3_600_000, start, end: start, next: start, input: null });
    expect(nightly).toEqual(info);
    expect(await wingman.schedules.list({ offset: 1, limit: 1 })).toEqual([info]);
  });

  test('the same options change nothing, and others only what they say', async () => {
    const { wingman, backend } = await begin(store);
    const options = { every: '1h', start: new Date(1_000), job } as const;
    const first = await wingman.schedules.upsert('s', options);
    const version = (await backend.schedules.find('s'))?.version;
    expect(await wingman.schedules.upsert('s', options)).toEqual({ ...first, did: 'unchanged' });
    expect((await backend.schedules.find('s'))?.version).toBe(version);

    // An earlier leader has not come to its tick yet: a deploy must not make it miss that.
    const found = await backend.schedules.find('s');
    if (found === null) throw new Error('it should be there');
    const call = { client: 'test', sequence: 1, floor: 1 };
    await backend.schedules.write(call, { ...found, due: 1_000, replaces: found.version });
    const late = await wingman.schedules.upsert('s', {
      ...options,
      job: report.job({ kind: 'week' }),
      overlap: 'skip',
    });
    expect(late).toMatchObject({ did: 'changed', next: new Date(1_000), input: { kind: 'week' }, overlap: 'skip' });

    const moved = await wingman.schedules.upsert('s', { ...options, every: '2h' });
    expect(moved.did).toBe('changed');
    expect(moved.next?.getTime()).toBeGreaterThan(await backend.now());
  });

  test('one that has ended has no next tick, and is still there', async () => {
    const { wingman } = await begin(store);
    const ended = await wingman.schedules.upsert('s', { every: '1h', end: new Date('2020-01-01'), job });
    expect(ended).toMatchObject({ did: 'created', end: new Date('2020-01-01') });
    expect(ended.next).toBeUndefined();
    expect(await wingman.schedules.list()).toHaveLength(1);
  });

  test('a pause is kept by a deploy, and what passes meanwhile is not caught up', async () => {
    const { wingman, backend } = await begin(store);
    await wingman.schedules.upsert('s', { every: '1h', job });
    const paused = await wingman.schedules.pause('s', { by: 'ada', reason: 'the printer burns' });
    expect(paused).toMatchObject({ paused: { by: 'ada', reason: 'the printer burns', at: expect.any(Date) } });
    expect(paused.next).toBeUndefined();
    expect(await wingman.schedules.pause('s', { by: 'eve' })).toEqual(paused);
    const deployed = await wingman.schedules.upsert('s', { every: '2h', job });
    expect(deployed).toMatchObject({ did: 'changed', every: 7_200_000, paused: { by: 'ada' } });
    expect(deployed.next).toBeUndefined();
    expect((await backend.schedules.find('s'))?.due).toBeNull();
    const resumed = await wingman.schedules.resume('s');
    expect(resumed.paused).toBeUndefined();
    expect(resumed.next?.getTime()).toBeGreaterThan(await backend.now());
    expect(await wingman.schedules.resume('s')).toEqual(resumed);
    expect((await wingman.schedules.pause('s')).paused).toEqual({ at: expect.any(Date) });
  });

  test('it is run by hand, beside its ticks and though it is paused', async () => {
    const { wingman, backend } = await begin(store);
    const { next } = await wingman.schedules.upsert('s', { every: '1h', job });
    const before = await backend.now();
    const { id, type, queue } = await wingman.schedules.run('s');
    expect({ type, queue }).toEqual({ type: 'report', queue: 'reports' });
    const info = await wingman.get(id);
    expect(info).toMatchObject({ state: 'waiting', input: { kind: 'day' }, locks: [{ key: 'day', concurrency: 1 }] });
    expect(info?.schedule?.name).toBe('s');
    expect(info?.schedule?.tick.getTime()).toBeGreaterThanOrEqual(before);
    expect((await wingman.schedules.get('s'))?.next).toEqual(next);
    await wingman.schedules.pause('s');
    await wingman.schedules.run('s');
    expect(await wingman.size('reports')).toBe(2);
  });

  test('it is removed, and what it made stays', async () => {
    const { wingman } = await begin(store);
    await wingman.schedules.upsert('s', { every: '1h', job });
    await wingman.schedules.run('s');
    await wingman.schedules.remove('s');
    expect(await wingman.schedules.get('s')).toBeNull();
    expect(await wingman.size('reports')).toBe(1);
  });

  test('what is not there is refused by its name', async () => {
    const { wingman } = await begin(store);
    const acts = ['pause', 'resume', 'run', 'remove'] as const;
    for (const act of acts) {
      const refused = wingman.schedules[act]('none');
      await expect(refused).rejects.toMatchObject({ code: 'WINGMAN_SCHEDULE_NOT_FOUND' });
      await expect(refused).rejects.toThrow('there is no schedule "none"');
    }
  });

  test('declared schedules: what was done, and what their owner does not declare any more', async () => {
    const { wingman } = await begin(store);
    await wingman.schedules.upsert('byHand', { every: '1h', job });
    const hourly = { every: '1h', job } as const;
    const first = defineSchedules('app', { a: hourly, b: hourly, c: hourly });
    expect(await wingman.schedules.declare(first)).toEqual({
      ...{ created: ['a', 'b', 'c'], changed: [], unchanged: [], takenOver: [], orphaned: [] },
    });
    expect(await wingman.schedules.get('a')).toMatchObject({ declaredBy: 'app' });
    const second = defineSchedules('app', { a: hourly, b: { every: '2h', job } });
    expect(await wingman.schedules.declare(second)).toEqual({
      ...{ created: [], changed: ['b'], unchanged: ['a'], takenOver: [], orphaned: ['c'] },
    });
    // It goes on: an older version of the application may still need it.
    expect((await wingman.schedules.get('c'))?.next).toBeDefined();
    const elsewhere = defineSchedules('elsewhere', { a: hourly, byHand: hourly });
    expect(await wingman.schedules.declare(elsewhere)).toMatchObject({
      ...{ changed: ['a', 'byHand'], takenOver: [{ name: 'a', from: 'app' }], orphaned: [] },
    });
    expect((await wingman.schedules.declare(defineSchedules('app', {}))).orphaned).toEqual(['b', 'c']);
  });

  test('of processes that declare the same at once, one writes', async () => {
    const { wingman } = await begin(store);
    const set = defineSchedules('app', { a: { every: '1h', job }, b: { every: '1h', job } });
    const all = await Promise.all(Array.from({ length: 5 }, () => wingman.schedules.declare(set)));
    expect(all.flatMap(({ created }) => created).sort()).toEqual(['a', 'b']);
    expect(all.flatMap(({ changed: names }) => names)).toEqual([]);
  });
});

test('an input that its schema refuses is refused when the schedule is written', async () => {
  const { wingman } = await begin('memory');
  const wrong = { every: '1h', job: report.job({ kind: 1 as never }) } as const;
  await expect(wingman.schedules.upsert('s', wrong)).rejects.toMatchObject({ code: 'WINGMAN_INPUT_INVALID' });
  expect(await wingman.schedules.get('s')).toBeNull();
});

test('words about a pause are checked', async () => {
  const { wingman } = await begin('memory');
  await wingman.schedules.upsert('s', { every: '1h', job });
  const pause = (options: object) => wingman.schedules.pause('s', options);
  await expect(pause({ by: 1 })).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
  await expect(pause({ reason: 'x'.repeat(1_001) })).rejects.toThrow('text of 1 to 1000 characters');
  await expect(pause({ why: 'x' })).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
});

test('one that is damaged is told of, and can be written anew or removed', async () => {
  const { wingman, backend } = await begin('memory');
  const damage = async (name: string, text: string): Promise<void> => {
    const call = { client: name, sequence: 1, floor: 1 };
    await backend.schedules.write(call, { name, due: 5, text, replaces: null });
  };
  await damage('a', '{');
  await damage('b', '{"timing": {"every": 1000}}');
  for (const act of [wingman.schedules.get('a'), wingman.schedules.pause('b'), wingman.schedules.list()]) {
    await expect(act).rejects.toMatchObject({ code: 'WINGMAN_SCHEDULE_DAMAGED' });
  }
  expect(await wingman.schedules.upsert('a', { every: '1h', job })).toMatchObject({ did: 'changed' });
  await wingman.schedules.remove('b');
  expect(await wingman.schedules.list()).toHaveLength(1);
});

test('a schedule that others change all the time is given up after a while', async () => {
  const { backend } = await begin('memory');
  let tries = 0;
  const contended = changed(backend, {
    schedules: {
      ...observedSchedules(backend.schedules, () => undefined),
      write: async () => {
        tries += 1;
        return { version: null, job: null, moves: [] };
      },
    },
  });
  const wingman = await connect(contended);
  await expect(wingman.schedules.upsert('s', { every: '1h', job })).rejects.toMatchObject({
    ...{ code: 'WINGMAN_BACKEND_BUSY', fate: 'not done' },
  });
  expect(tries).toBe(20);
});

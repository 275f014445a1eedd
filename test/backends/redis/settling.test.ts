// What an exchange says of what it settles: in bulk wherever that comes to the same as one after another.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completed, newJob } from '../../../src/contract/conformance/session.ts';
import type { ClaimedJob } from '../../../src/core/envelope.ts';
import { newId } from '../../../src/runtime/identity.ts';
import { server, store } from './stage.ts';

const claim = (count: number) => ({ queues: ['q'], count, locks: 'take' }) as const;

const IDS = {
  'of one length': () => Array.from({ length: 20 }, () => newId()),
  'of several lengths': () => Array.from({ length: 20 }, (_, n) => `of-a-user-${'x'.repeat(n % 3)}${n}`),
  'of one length, with one of another at the end': () => [...Array.from({ length: 20 }, () => newId()), 'other'],
};

test.each(Object.entries(IDS))('jobs with ids %s are settled, with locks and without', async (_, ids) => {
  const target = await server();
  const { session } = await store({ url: target.url, prefix: 'p' });
  const worker = await session.worker();
  for (const locks of [false, true]) {
    const given = ids();
    for (const id of given) await session.enqueue(newJob(id, locks ? { locks: [{ key: id, concurrency: 1 }] } : {}));
    const { claimed } = await session.exchange(worker, [], claim(given.length));
    const settlements = claimed.map((job) => ({ job, outcome: completed }));
    const { settled, owned } = await session.exchange(worker, settlements);
    expect([claimed.map(({ id }) => id), settled, owned]).toEqual([given, given.map(() => 'settled'), 0]);
    expect(await target.cli('KEYS', 'p:job:*')).toBe('');
    expect(await target.cli('KEYS', 'p:lock:*')).toBe('');
  }
});

test('ids of one number of characters, and of different numbers of bytes, are told from each other', async () => {
  const target = await server();
  const { session } = await store({ url: target.url, prefix: 'p' });
  const ids = ['ab', 'é1', '1€', 'cd', '😀'];
  for (const id of ids) {
    await target.cli('SET', `p:job:${id}`, '[0,"type","q",1,2]\n{}');
    await target.cli('RPUSH', 'p:queue:q', id);
  }
  const worker = await session.worker();
  const { claimed } = await session.exchange(worker, [], claim(5));
  expect(claimed.map(({ id }) => id)).toEqual(ids);
  const { settled } = await session.exchange(
    worker,
    claimed.map((job) => ({ job, outcome: completed })),
  );
  expect(settled).toEqual(ids.map(() => 'settled'));
  expect(await target.cli('KEYS', 'p:job:*')).toBe('');
});

/** A run of a job that has ended since: as if it had been claimed by a number of claims before. */
const earlier = (job: ClaimedJob, by: number): ClaimedJob => ({ ...job, token: String(Number(job.token) - by) });

test('of runs of one job that end together only the newest is settled, wherever it stands, and by whichever claim', async () => {
  const { session } = await store({ url: (await server()).url });
  const worker = await session.worker();
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
      fc.nat(4),
      fc.boolean(),
      async (before, place, hasLock) => {
        const id = newId();
        await session.enqueue(newJob(id, hasLock ? { locks: [{ key: 'k', concurrency: 1 }] } : {}));
        const [job] = (await session.exchange(worker, [], claim(1))).claimed;
        if (job === undefined) throw new Error('it was to be claimed');
        const runs = before.map((by) => earlier(job, by)).toSpliced(place, 0, job);
        const settlements = runs.map((run) => ({ job: run, outcome: completed }));
        const { settled, owned } = await session.exchange(worker, settlements);
        expect([settled, owned]).toEqual([runs.map((run) => (run === job ? 'settled' : 'stale')), 0]);
      },
    ),
    { numRuns: 60 },
  );
});

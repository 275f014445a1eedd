// A claim's reply has a form of its own where it is one small job: whatever form it has, the job is the same.

import { expect, test } from 'vitest';
import { MOST_CHARACTERS } from '../../../src/contract/backend.ts';
import { Caller } from '../../../src/contract/call.ts';
import { completed, newJob, type Session } from '../../../src/contract/conformance/session.ts';
import { newId } from '../../../src/runtime/identity.ts';
import { server, store } from './stage.ts';

const claim = { queues: ['q'], count: 3, locks: 'take' } as const;

/** Ids of this system's, and of others, as long as those and not; payloads small and large, with what stands between words. */
const JOBS = [
  newJob(newId(), { payload: '{"n":1}' }),
  newJob('an-id-of-the-user', { payload: '{}' }),
  newJob('22-characters-as-ours-', { payload: '" 1 2 "' }),
  newJob(newId(), { payload: JSON.stringify('x'.repeat(5_000)) }),
  newJob(newId(), { payload: '"é 😀\\n"' }),
];

test('a job that is claimed with what it settles comes as it was enqueued', async () => {
  const { session } = await store({ url: (await server()).url });
  const worker = await session.worker();
  await session.enqueue(newJob('first'));
  let before = await session.take(worker, 'first');
  for (const job of JOBS) {
    await session.enqueue(job);
    const { claimed, settled, owned } = await session.exchange(worker, [{ job: before, outcome: completed }], claim);
    expect([claimed.length, settled, owned]).toEqual([1, ['settled'], 1]);
    expect(claimed[0]).toMatchObject({ ...job, worker, attempts: 0 });
    before = claimed[0] ?? before;
  }
  // Its token is the one in the books: else it would be refused.
  expect((await session.settle(before, completed)).settled).toEqual(['settled']);
});

test('and so does one that was waited for', async () => {
  const { backend, session } = await store({ url: (await server()).url });
  const caller = new Caller('waiting');
  const worker = await session.worker();
  for (const job of JOBS) {
    const woken = caller.call((call) =>
      backend.exchangeWhenWoken(call, { worker, settlements: [], claim }, { timeout: 10_000 }),
    );
    await session.enqueue(job);
    const { claimed, owned } = await woken;
    expect([claimed.length, owned]).toEqual([1, 1]);
    expect(claimed[0]).toMatchObject({ ...job, worker, attempts: 0 });
    for (const one of claimed) expect((await session.settle(one, completed)).settled).toEqual(['settled']);
  }
});

test('one that is not all that its worker has is told with how many those are', async () => {
  const { session } = await store({ url: (await server()).url });
  const worker = await session.worker();
  for (const owned of [1, 2, 3]) {
    await session.enqueue(newJob(newId()));
    const reply = await session.exchange(worker, [], claim);
    expect([reply.claimed.length, reply.owned]).toEqual([1, owned]);
  }
});

test('and so do many at once', async () => {
  const { session } = await store({ url: (await server()).url });
  const worker = await session.worker();
  await session.enqueue(...JOBS);
  const { claimed, owned } = await session.exchange(worker, [], { ...claim, count: 10 });
  expect(owned).toBe(JOBS.length);
  expect(claimed).toMatchObject(JOBS.map((job) => ({ ...job, worker, attempts: 0 })));
  const settlements = claimed.map((job) => ({ job, outcome: completed }));
  expect((await session.exchange(worker, settlements)).settled).toEqual(JOBS.map(() => 'settled'));
});

test('what stands between envelopes may be in one, and in an id', async () => {
  const { url, cli } = await server();
  const { backend, session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  const texts = ['1', '"a\x1eb"', '\x1e', '2'];
  const jobs = texts.map((payload, n) => newJob(`job-${n}`, { payload }));
  const many = { ...claim, count: 10 };
  await session.enqueue(...jobs);
  const first = await session.exchange(worker, [], many);
  expect(first).toMatchObject({ claimed: jobs, owned: jobs.length });
  const settlements = first.claimed.map((job) => ({ job, outcome: completed }));
  expect((await session.exchange(worker, settlements)).settled).toEqual(jobs.map(() => 'settled'));

  // By hand, as nobody can enqueue it.
  const caller = new Caller('waiting');
  for (const strange of ['a"b', 'a\\u0041', 'a","b']) {
    const ids = [strange, 'plain'];
    for (const id of ids) {
      await cli('SET', `p:job:${id}`, '[0,"type","q",1,2]\n{}');
      await cli('RPUSH', 'p:queue:q', id);
    }
    const waited = await caller.call((call) =>
      backend.exchangeWhenWoken(call, { worker, settlements: [], claim: many }, { timeout: 1 }),
    );
    expect(waited.claimed.map(({ id }) => id)).toEqual(ids);
    expect(waited.owned).toBe(ids.length);
    await session.exchange(
      worker,
      waited.claimed.map((job) => ({ job, outcome: completed })),
    );
  }
});

test('an envelope that is cut short is damaged, whatever comes after it', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  const locked = (key: string) => newJob(`of ${key}`.replace(' ', '-'), { locks: [{ key, concurrency: 1 }] });
  await session.enqueue(locked('known'), newJob('cut'), newJob('empty'), newJob('after'));
  await cli('SET', 'p:job:cut', '[0,"type","q",17');
  await cli('SET', 'p:job:empty', '[0,');
  const { claimed, owned, moves } = await session.exchange(worker, [], { ...claim, count: 10 });
  expect([claimed.map(({ id }) => id), owned]).toEqual([['of-known', 'after'], 2]);
  expect(moves.map(({ event, id }) => [event, id])).toEqual([
    ['dead', 'cut'],
    ['dead', 'empty'],
  ]);
  expect(await cli('EXISTS', 'p:job:cut', 'p:job:empty')).toBe('0');
});

test('tokens that follow each other do so over a hundred, and over all that a batch may hold', async () => {
  const { url, cli } = await server();
  const { backend, session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  const many = 100;
  const ahead = (BigInt(await backend.now()) * 1_000n + 3_600_000_000n) / 100_000n;
  for (const before of ['99989', '99998', '99999', '00000', '12345']) {
    const last = BigInt(`${ahead}${before}`);
    for (const [queue, lock] of [
      ['q', []],
      ['locked', [{ key: 'only', concurrency: 1_000 }]],
    ] as const) {
      const ids = Array.from({ length: many }, () => newId());
      await session.enqueue(...ids.map((id) => newJob(id, { queue, locks: lock })));
      await cli('SET', 'p:token', String(last));
      const { claimed } = await session.exchange(worker, [], { queues: [queue], count: many, locks: 'take' });
      expect(claimed.map(({ id, token }) => [id, BigInt(token) - last])).toEqual(
        ids.map((id, n) => [id, BigInt(n + 1)]),
      );
      // Those of another life of the job are refused, in the middle of a batch as well.
      const wrong = claimed.map((job, n) => (n === 50 ? { ...job, token: String(last) } : job));
      const settlements = wrong.map((job) => ({ job, outcome: completed }));
      expect((await session.exchange(worker, settlements)).settled).toEqual(
        wrong.map((_, n) => (n === 50 ? 'stale' : 'settled')),
      );
      const rest = claimed.slice(50, 51).map((job) => ({ job, outcome: completed }));
      expect((await session.exchange(worker, rest)).settled).toEqual(['settled']);
    }
  }
});

/** So large that few of them fit into a step. */
const large = { payload: JSON.stringify('x'.repeat(Math.floor(MOST_CHARACTERS / 3))) };

/** What comes with each claim, until there is no more. */
async function claims(session: Session, queues: readonly string[]): Promise<string[][]> {
  const worker = await session.worker();
  const steps: string[][] = [];
  for (let more = true; more; ) {
    const reply = await session.exchange(worker, [], { queues, count: 100, locks: 'take' });
    if (reply.claimed.length > 0) steps.push(reply.claimed.map(({ id }) => id));
    expect(reply.owned).toBe(steps.flat().length);
    more = reply.more;
  }
  return steps;
}

test('a step gives out no more than it may, and the others wait in their order', async () => {
  const { backend, session } = await store({ url: (await server()).url });
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  for (const id of ids) await session.enqueue(newJob(id, large));
  await session.enqueue(newJob('small', { queue: 'other' }));
  const steps = await claims(session, ['q', 'other']);
  expect(steps).toEqual([
    ['a', 'b'],
    ['c', 'd'],
    ['e', 'f'],
    ['g', 'small'],
  ]);
  expect(await backend.size('q')).toBe(0);
});

test('and whoever waits beside is woken for those', async () => {
  const { backend, session } = await store({ url: (await server()).url });
  const worker = await session.worker();
  await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, large)));
  const { claimed } = await session.exchange(worker, [], claim);
  expect(claimed.map(({ id }) => id)).toEqual(['a', 'b']);
  // It does not look for itself, but waits to be told.
  expect(await backend.wait(['q'], { timeout: 2_000, areEmpty: true })).toBe('woken');
});

test('one that is larger than that comes alone', async () => {
  const { session } = await store({ url: (await server()).url });
  const huge = { payload: JSON.stringify('x'.repeat(2 * MOST_CHARACTERS)) };
  await session.enqueue(newJob('small', { queue: 'first' }));
  for (const id of ['a', 'b']) await session.enqueue(newJob(id, huge));
  // The queue before is emptied with it.
  expect(await claims(session, ['first', 'q'])).toEqual([['small', 'a'], ['b']]);
});

test('and so it is with those of a priority, those with locks, and those that were granted', async () => {
  const { backend, session } = await store({ url: (await server()).url });
  const ids = ['a', 'b', 'c', 'd', 'e'];
  for (const id of ids) {
    await session.enqueue(newJob(`${id}-high`, { ...large, extras: { priority: 1 } }));
    await session.enqueue(newJob(`${id}-locked`, { ...large, locks: [{ key: id, concurrency: 1 }] }));
    await session.enqueue(newJob(`${id}-held`, { ...large, locks: [{ key: id, concurrency: 1 }] }));
  }
  const worker = await session.worker();
  const first = await session.exchange(worker, [], { queues: ['q'], count: 5, locks: 'take' });
  expect(first.claimed.map(({ id }) => id)).toEqual(['a-high', 'b-high']);
  const steps = await claims(session, ['q']);
  const high = ids.slice(2).map((id) => `${id}-high`);
  expect(steps.flat()).toEqual([...high, ...ids.map((id) => `${id}-locked`)]);
  expect(Math.max(...steps.map((step) => step.length))).toBe(2);
  expect((await backend.stats()).queues[0]?.held).toBe(5);
  for (const id of ids) {
    const view = await backend.find(`${id}-locked`);
    if (view?.owner === undefined) throw new Error('it should run');
    await session.settle({ ...view.job, ...view.owner }, completed);
  }
  const granted = await claims(session, ['q']);
  expect(granted.flat()).toEqual(ids.map((id) => `${id}-held`));
  expect(Math.max(...granted.map((step) => step.length))).toBe(2);
});

test('whoever settles all that he has, and says what he will wait for, need not look at anything when he is woken', async () => {
  const redis = await server();
  const { backend, session } = await store({ url: redis.url });
  const caller = new Caller('waiting');
  const worker = await session.worker();
  const looks: boolean[] = [];
  for (const awaited of [undefined, ['q'], ['q', 'other'], ['q']]) {
    await session.enqueue(newJob(newId()));
    const { claimed } = await session.exchange(worker, [], claim);
    const settlements = claimed.map((job) => ({ job, outcome: completed }));
    await caller.call((call) => backend.exchange(call, { worker, settlements, ...(awaited && { awaited }) }));
    await session.enqueue(newJob(newId()));
    await redis.cli('CONFIG', 'RESETSTAT');
    const woken = await caller.call((call) =>
      backend.exchangeWhenWoken(call, { worker, settlements: [], claim }, { timeout: 10_000 }),
    );
    looks.push((await redis.cli('INFO', 'commandstats')).includes('cmdstat_exists:'));
    for (const one of woken.claimed) await session.settle(one, completed);
  }
  expect(looks).toEqual([true, false, true, false]);
});

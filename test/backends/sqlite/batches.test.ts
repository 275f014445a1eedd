// Most of a batch is settled and claimed by one statement; what of it is not as most must come out as if it were alone.

import { expect, test } from 'vitest';
import type { Settlement } from '../../../src/contract/backend.ts';
import {
  completed,
  failed,
  HOUR,
  locks,
  newJob,
  released,
  retry,
  Session,
} from '../../../src/contract/conformance/session.ts';
import { newPath, openStore, valueIn } from './stage.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `job-${index}`);

async function begin(): Promise<{ path: string; session: Session; worker: string }> {
  const path = await newPath();
  const session = new Session(await openStore(path));
  return { path, session, worker: await session.worker() };
}

test('a batch is claimed in the order of its queue, with tokens that grow', async () => {
  const { session, worker } = await begin();
  await session.enqueueAll(ids(20).map((id) => newJob(id)));
  await session.enqueue(newJob('urgent', { extras: { priority: 1 } }), newJob('keyed', { locks: locks(['k', 1]) }));
  const claimed = await session.claim(worker, 50);
  expect(claimed.map(({ id }) => id)).toEqual(['urgent', ...ids(20), 'keyed']);
  const tokens = claimed.map(({ token }) => Number(token));
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  for (const { id, token } of claimed) {
    expect(await session.backend.find(id)).toMatchObject({ state: 'processing', owner: { worker, token } });
  }
});

test('claims of several queues, and of what is between held jobs, are of the jobs that were given', async () => {
  const { session, worker } = await begin();
  const keyed = (id: string) => newJob(id, { locks: locks(['k', 1]) });
  await session.enqueue(
    ...ids(5).map((id) => newJob(id)),
    keyed('a'),
    keyed('b'),
    newJob('c'),
    keyed('d'),
    newJob('e'),
  );
  await session.enqueue(...ids(5).map((id) => newJob(`${id}-r`, { queue: 'r' })));
  const claimed = await session.claim(worker, 13, { queues: ['q', 'r'] });
  expect(claimed.map(({ id }) => id)).toEqual([...ids(5), 'a', 'c', 'e', ...ids(5).map((id) => `${id}-r`)]);
  for (const { id, token } of claimed) expect((await session.backend.find(id))?.owner).toEqual({ worker, token });
  expect(await session.held('k')).toEqual(['b', 'd']);
  expect(await session.waiting()).toEqual([]);
});

test('a stale settlement among many is refused alone', async () => {
  const { session, worker } = await begin();
  await session.enqueueAll(ids(10).map((id) => newJob(id)));
  const claimed = await session.claim(worker, 10);
  const [first] = claimed;
  if (first === undefined) expect.fail('ten jobs should have come up');
  await session.settle(first, completed);
  const settlements = claimed.map((job) => ({ job, outcome: completed }));
  const reply = await session.exchange(worker, settlements);
  expect(reply).toMatchObject({ settled: ['stale', ...ids(9).map(() => 'settled')], owned: 0 });
  expect((await session.backend.stats()).counters).toEqual({ successful: 10, failed: 0 });
});

test('a batch that is settled once more is stale as a whole', async () => {
  const { session, worker } = await begin();
  await session.enqueueAll(ids(10).map((id) => newJob(id)));
  const settlements = (await session.claim(worker, 10)).map((job) => ({ job, outcome: completed }));
  expect((await session.exchange(worker, settlements)).settled).toEqual(ids(10).map(() => 'settled'));
  expect((await session.exchange(worker, settlements)).settled).toEqual(ids(10).map(() => 'stale'));
  expect((await session.backend.stats()).counters.successful).toBe(10);
});

test('what a job had beside it goes with it, though its claim does not say so', async () => {
  const { path, session, worker } = await begin();
  await session.enqueue(newJob('retried'));
  await session.settle(await session.take(worker, 'retried'), failed);
  await session.retryFailed('retried');
  await session.enqueueAll(ids(9).map((id) => newJob(id)));
  const claimed = await session.claim(worker, 10);
  expect(claimed.map(({ attempts }) => attempts)).toEqual(claimed.map(() => 0));
  const { settled } = await session.exchange(
    worker,
    claimed.map((job) => ({ job, outcome: completed })),
  );
  expect(settled).toEqual(claimed.map(() => 'settled'));
  expect(await valueIn(path, 'SELECT count(*) FROM failures')).toBe(0);
  expect(await valueIn(path, 'SELECT count(*) FROM jobs')).toBe(0);
});

test('each outcome of a batch is its own job’s', async () => {
  const { session, worker } = await begin();
  await session.enqueue(
    newJob('keyed', { locks: locks(['k', 1]) }),
    newJob('behind', { locks: locks(['k', 1]) }),
    newJob('tagged', { extras: { tags: ['t'] } }),
    ...ids(8).map((id) => newJob(id)),
  );
  const claimed = await session.claim(worker, 20);
  const keep = { for: HOUR, count: null };
  const outcomes = new Map<string, Parameters<Session['settle']>[1]>([
    ['job-1', retry(HOUR)],
    ['job-2', failed],
    ['job-3', { kind: 'completed', keep, result: '7' }],
    ['job-4', released],
    ['job-5', { kind: 'completed', counted: false }],
  ]);
  const settlements = claimed.map((job) => ({ job, outcome: outcomes.get(job.id) ?? completed }));
  const reply = await session.exchange(worker, settlements);
  expect(reply.settled).toEqual(claimed.map(() => 'settled'));
  const states = async (id: string) => (await session.backend.find(id))?.state;
  expect(await Promise.all(['behind', ...ids(8), 'keyed', 'tagged'].map(states))).toEqual([
    'waiting',
    undefined,
    'scheduled',
    'failed',
    'completed',
    'waiting',
    ...Array.from({ length: 5 }, () => undefined),
  ]);
  expect((await session.backend.stats()).counters).toEqual({ successful: 6, failed: 1 });
  expect(await session.waiting()).toEqual(['behind', 'job-4']);
});

test('an exchange that is repeated gives the same reply, however short it is kept', async () => {
  const { path, session, worker } = await begin();
  const { backend } = session;
  await session.enqueueAll(ids(40).map((id) => newJob(id)));
  const claim = { queues: ['q'], count: 10, locks: 'take' } as const;
  let sequence = 0;
  let settlements: Settlement[] = [];
  for (const stale of [false, true, false]) {
    sequence += 1;
    const call = { client: 'repeats', sequence, floor: sequence };
    const [first] = settlements;
    if (stale && first !== undefined) await session.settle(first.job, completed);
    const { now, ...reply } = await backend.exchange(call, { worker, settlements, claim });
    const { now: later, ...again } = await backend.exchange(call, { worker, settlements, claim });
    expect(again).toEqual(reply);
    expect(later).toBeGreaterThanOrEqual(now);
    expect(reply.settled).toEqual(settlements.map((_, index) => (stale && index === 0 ? 'stale' : 'settled')));
    settlements = reply.claimed.map((job) => ({ job, outcome: completed }));
  }
  expect(await valueIn(path, "SELECT length(reply) FROM calls WHERE client = 'repeats'")).toBeLessThan(200);
});

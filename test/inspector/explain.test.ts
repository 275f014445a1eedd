// Why a job is where it is, on every store.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { Backend } from '../../src/contract/backend.ts';
import { Session } from '../../src/contract/conformance/session.ts';
import { connect, defineJob, type Explanation, type Wingman } from '../../src/index.ts';
import { openStore, stores, storeUrl } from '../manager/stage.ts';

const HOUR = 3_600_000;
const plain = defineJob({ type: 'plain', queue: 'q' });
const locked = defineJob({ type: 'locked', queue: 'q', lock: () => ({ key: 'k', concurrency: 2 }) });
const paced = defineJob({ type: 'paced', queue: 'q', rate: () => ({ key: 'api', limit: 1, per: HOUR }) });

interface Stage {
  readonly wingman: Wingman;
  readonly backend: Backend;
  readonly session: Session;
  /** A worker that takes all types of the queue. */
  readonly worker: string;
}

async function begin(store: (typeof stores)[number]): Promise<Stage> {
  const backend = await openStore(await storeUrl(store));
  const wingman = await connect(backend);
  onTestFinished(() => wingman.close());
  const worker = 'worker-1';
  await backend.register(worker, HOUR, { queues: ['q'], types: ['plain', 'locked', 'paced'] });
  return { wingman, backend, session: new Session(backend), worker };
}

async function enqueue(wingman: Wingman, type: typeof plain, ...ids: string[]): Promise<void> {
  for (const id of ids) await wingman.enqueue(type, undefined, { id });
}

const whys = ({ reasons }: Explanation): string[] => reasons.map(({ why }) => why);

describe.each(stores)('on %s', (store) => {
  test('a job that is held by a lock: who has it, until when, and how many come before', async () => {
    const { wingman, session, worker } = await begin(store);
    await enqueue(wingman, locked, 'a', 'b', 'c', 'd', 'e');
    await session.claim(worker, 5);
    const explained = await wingman.explain('e');
    expect(explained).toMatchObject({ id: 'e', type: 'locked', queue: 'q', state: 'held' });
    expect(explained.reasons).toEqual([
      {
        ...{ why: 'lock', key: 'k', limit: 2, taken: 2, ahead: { count: 2, isMore: false } },
        holders: ['a', 'b'].map((id) => ({ id, worker, leaseEnds: expect.any(Date) })),
      },
    ]);
    expect(explained.sentence).toMatch(
      /^job e \(locked\) is held by lock key 'k' \(2 of 2 taken, by job a on worker worker-1, lease until \d.*Z, by job b on worker worker-1, lease until \d.*Z\), 2 ahead of it$/,
    );
  });

  test('a job that is put off by a rate: until when', async () => {
    const { wingman, session, worker } = await begin(store);
    await enqueue(wingman, paced, 'a', 'b', 'c');
    await session.claim(worker, 3);
    const { reasons, sentence } = await wingman.explain('c');
    expect(reasons).toEqual([
      { why: 'rate', key: 'api', startsAt: expect.any(Date), isPaused: false, ahead: { count: 1, isMore: false } },
    ]);
    expect(sentence).toMatch(/^job c \(paced\) is put off by rate key 'api' until \d.*Z, 1 ahead of it$/);
  });

  test('a job that waits: its place in its queue', async () => {
    const { wingman } = await begin(store);
    await enqueue(wingman, plain, ...Array.from({ length: 12 }, (_, at) => `job-${at}`));
    const place = async (id: string) => (await wingman.explain(id)).sentence;
    expect(await place('job-0')).toBe("job job-0 (plain) waits: it is 1st in queue 'q'");
    expect(await place('job-1')).toBe("job job-1 (plain) waits: it is 2nd in queue 'q'");
    expect(await place('job-10')).toBe("job job-10 (plain) waits: it is 11th in queue 'q'");
  });

  test('what is paused: since when, by whom and why', async () => {
    const { wingman, session, worker } = await begin(store);
    await enqueue(wingman, plain, 'a');
    await wingman.pause({ type: 'plain' }, { reason: 'a bug' });
    await session.claim(worker);
    await enqueue(wingman, plain, 'b');
    await wingman.pause({ queue: 'q' }, { by: 'ann' });
    expect(whys(await wingman.explain('b'))).toEqual(['queue paused', 'type paused', 'in line']);
    const { state, sentence } = await wingman.explain('a');
    expect(state).toBe('parked');
    expect(sentence).toMatch(
      /^job a \(plain\) is parked: its queue 'q' is paused by ann since \d.*Z; its type is paused since \d.*Z \(a bug\)$/,
    );
  });

  test("a queue's limit: how many run, or when its rate allows one more", async () => {
    const { wingman, session, worker } = await begin(store);
    await enqueue(wingman, plain, 'a', 'b');
    await wingman.limitQueue('q', { concurrency: 1, rate: { limit: 1, per: HOUR } });
    await session.claim(worker, 2);
    const { reasons, sentence } = await wingman.explain('b');
    expect(reasons).toMatchObject([
      { why: 'queue full', limit: 1, running: 1 },
      { why: 'queue rate', startsAt: expect.any(Date) },
      { why: 'in line', ahead: { count: 0 } },
    ]);
    expect(sentence).toMatch(
      /waits: its queue 'q' has 1 of 1 jobs running that it may; the rate of its queue 'q' lets none start before/,
    );
  });

  test('no live manager takes its queue, or knows its type', async () => {
    const { wingman, backend, worker } = await begin(store);
    await wingman.enqueue(defineJob({ type: 'plain', queue: 'lonely' }), undefined, { id: 'a' });
    await wingman.enqueue(defineJob({ type: 'strange', queue: 'q' }), undefined, { id: 'b' });
    expect((await wingman.explain('a')).sentence).toContain(
      "no live manager takes queue 'lonely' (there is one other)",
    );
    expect(whys(await wingman.explain('b'))).toEqual(['no manager knows the type', 'in line']);
    await backend.retire(worker);
    expect((await wingman.explain('b')).sentence).toContain("no live manager takes queue 'q' (there is none)");
    // A loop of one's own does not say what it takes.
    await backend.register('loop', HOUR);
    expect(whys(await wingman.explain('b'))).toEqual(['in line']);
  });

  test('a retry: when, which attempt, after what', async () => {
    const { wingman, session, worker } = await begin(store);
    await enqueue(wingman, plain, 'a');
    const [job] = await session.claim(worker);
    if (job === undefined) throw new Error('a should have come up');
    await session.settle(job, { kind: 'retry', delay: HOUR, failure: { name: 'Error', message: 'no luck' } });
    const { reasons, sentence } = await wingman.explain('a');
    expect(reasons).toMatchObject([{ why: 'retry', attempt: 2, error: { message: 'no luck', worker } }]);
    expect(sentence).toMatch(/^job a \(plain\) is tried again at \d.*Z \(attempt 2\) after Error: no luck$/);
  });

  test('one that is not due, one that runs, one that has failed, one that is not there', async () => {
    const { wingman, session, worker } = await begin(store);
    await wingman.enqueue(plain, undefined, { id: 'later', delay: '1h' });
    expect((await wingman.explain('later')).sentence).toMatch(/^job later \(plain\) is due at \d.*Z$/);
    await enqueue(wingman, plain, 'a');
    const [job] = await session.claim(worker);
    if (job === undefined) throw new Error('a should have come up');
    expect(await wingman.explain('a')).toMatchObject({
      reasons: [{ why: 'running', worker, attempt: 1, leaseEnds: expect.any(Date) }],
      sentence: expect.stringMatching(/^job a \(plain\) runs on worker worker-1 \(attempt 1, lease until \d.*Z\)$/),
    });
    await session.settle(job, { kind: 'failed', failure: { name: 'Error', message: 'no luck' } });
    expect((await wingman.explain('a')).sentence).toMatch(/^job a \(plain\) has failed for good at \d.*Z: no luck$/);
    await expect(wingman.explain('none')).rejects.toMatchObject({ code: 'WINGMAN_JOB_NOT_FOUND' });
  });
});

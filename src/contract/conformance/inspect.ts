import { describe, expect, it } from 'vitest';
import { begin, completed, failed, HOUR, locks, newJob } from './session.ts';
import type { Subject } from './subject.ts';

export function inspectSuite(subject: Subject): void {
  describe('find', () => {
    it('counts how many jobs come before one that waits or is held, and no more than it is asked for', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const one = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', one), newJob('b', one), newJob('c', one), newJob('d', one));
      const [a] = await session.claim(worker, 4);
      await session.enqueue(
        newJob('e'),
        newJob('f'),
        newJob('g', { due: { in: HOUR } }),
        newJob('h', { queue: 'other' }),
      );
      expect(await Promise.all(['b', 'c', 'd'].map((id) => backend.ahead(id, 10)))).toEqual([0, 1, 2]);
      if (a === undefined) throw new Error('a should have come up');
      await session.settle(a, completed);
      // b has its grant, and comes before all others of its queue.
      expect(await Promise.all(['b', 'e', 'f', 'h'].map((id) => backend.ahead(id, 10)))).toEqual([0, 1, 2, 0]);
      expect(await backend.ahead('f', 2)).toBe(2);
      expect(await backend.ahead('f', 1)).toBe(1);
      await session.claim(worker, 1);
      expect(await Promise.all(['b', 'g', 'none'].map((id) => backend.ahead(id, 10)))).toEqual([null, null, null]);
    });

    it('gives a job with all that it was enqueued with', async () => {
      const { session, backend } = await begin(subject);
      const fields = { type: 'mail', queue: 'out', payload: '[1, 2]', locks: locks(['a', 1], ['b', 20]) };
      await session.enqueue(newJob('x', fields));
      expect(await backend.find('x')).toEqual({
        state: 'waiting',
        failures: [],
        job: {
          id: 'x',
          ...fields,
          attempts: 0,
          crashes: 0,
          sequence: expect.any(Number),
          enqueuedAt: expect.any(Number),
        },
      });
    });

    it('tells a job without locks from one whose locks nobody knows yet', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('none', { locks: [] }), newJob('unknown', { locks: null }));
      expect((await backend.find('none'))?.job.locks).toEqual([]);
      expect((await backend.find('unknown'))?.job.locks).toBeNull();
    });

    it('finds a job in every state, with what belongs to that state and nothing else', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('parked'), newJob('failed'), newJob('processing', k), newJob('held', k));
      await session.enqueue(newJob('waiting'), newJob('scheduled', { due: { in: HOUR } }));
      const [parked, ended, processing] = await session.claim(worker, 3);
      if (parked === undefined || ended === undefined) throw new Error('three jobs should have come up');
      await session.exchange(worker, [
        { job: parked, outcome: { kind: 'parked', reason: 'why' } },
        { job: ended, outcome: failed },
      ]);
      await session.settle(await session.take(worker, 'waiting'), { kind: 'released' });
      const plain = { job: expect.anything(), failures: [] };
      expect(await backend.find('waiting')).toEqual({ ...plain, state: 'waiting' });
      expect(await backend.find('scheduled')).toEqual({ ...plain, state: 'scheduled', due: expect.any(Number) });
      expect(await backend.find('held')).toEqual({ ...plain, state: 'held', heldFor: 'k' });
      const owner = { worker, token: processing?.token };
      expect(await backend.find('processing')).toEqual({ ...plain, state: 'processing', owner });
      expect(await backend.find('parked')).toEqual({ ...plain, state: 'parked', reason: 'why' });
      const failures = [expect.objectContaining({ attempt: 1 })];
      expect(await backend.find('failed')).toEqual({
        job: expect.anything(),
        state: 'failed',
        failedAt: expect.any(Number),
        failures,
      });
    });

    it('gives null for an id that is not in the books', async () => {
      const { backend } = await begin(subject);
      expect(await backend.find('unknown')).toBeNull();
      expect(await backend.find('no id at all {')).toBeNull();
    });
  });

  describe('peek and size', () => {
    it('show the next job and how many wait, and take nothing', async () => {
      const { session, backend } = await begin(subject);
      expect(await backend.peek('q')).toBeNull();
      expect(await backend.size('q')).toBe(0);
      await session.enqueue(newJob('a', { payload: '"first"' }), newJob('b'), newJob('c', { due: { in: HOUR } }));
      for (let times = 0; times < 2; times += 1) {
        expect(await backend.peek('q')).toMatchObject({ id: 'a', payload: '"first"', attempts: 0 });
        expect(await backend.size('q')).toBe(2);
      }
      expect(await session.waiting()).toEqual(['a', 'b']);
    });

    it('show a job with a grant before all others', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', k), newJob('b', k));
      const [a] = await session.claim(worker, 2);
      if (a === undefined) throw new Error('a should have come up');
      await session.enqueue(newJob('c'));
      expect(await backend.peek('q')).toMatchObject({ id: 'c' });
      await session.settle(a, completed);
      expect(await backend.peek('q')).toMatchObject({ id: 'b' });
      expect(await backend.size('q')).toBe(2);
    });
  });

  describe('list', () => {
    it('gives a part of a listing, in its order', async () => {
      const { session, backend } = await begin(subject);
      const ids = Array.from({ length: 9 }, (_, index) => `job-${index}`);
      await session.enqueue(...ids.map((id) => newJob(id)));
      const part = (offset: number, limit: number) => backend.list({ state: 'waiting', queue: 'q' }, offset, limit);
      expect(await part(0, 4)).toEqual(ids.slice(0, 4));
      expect(await part(4, 4)).toEqual(ids.slice(4, 8));
      expect(await part(8, 4)).toEqual(ids.slice(8));
      expect(await part(9, 4)).toEqual([]);
      expect(await part(0, 0)).toEqual([]);
    });

    it('goes from the jobs with grants to the others without a gap', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const two = { locks: locks(['k', 2]) };
      await session.enqueue(...['a', 'b', 'c', 'd'].map((id) => newJob(id, two)));
      const running = await session.claim(worker, 4);
      await session.enqueue(newJob('e'), newJob('f'));
      await session.exchange(
        worker,
        running.map((job) => ({ job, outcome: completed })),
      );
      const part = (offset: number, limit: number) => backend.list({ state: 'waiting', queue: 'q' }, offset, limit);
      expect(await part(0, 10)).toEqual(['c', 'd', 'e', 'f']);
      expect(await part(1, 2)).toEqual(['d', 'e']);
      expect(await part(2, 1)).toEqual(['e']);
      expect(await part(3, 5)).toEqual(['f']);
    });

    it('gives each listing in its own order, in parts as well', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['f2', 'f1', 'p2', 'p1'].map((id) => newJob(id)));
      await session.enqueue(newJob('running', { locks: locks(['k', 1]) }));
      await session.enqueue(newJob('s2', { due: { in: HOUR } }), newJob('s1', { due: { in: HOUR / 2 } }));
      const jobs = await session.claim(worker, 5);
      await session.enqueue(...['h2', 'h1'].map((id) => newJob(id, { locks: locks(['k', 1]) })));
      await session.claim(worker, 5);
      for (const job of jobs.slice(0, 2)) {
        await session.settle(job, failed);
        await session.passed();
      }
      const parked = { kind: 'parked', reason: '' } as const;
      await session.exchange(
        worker,
        jobs.slice(2, 4).map((job) => ({ job, outcome: parked })),
      );
      const listings = [
        [{ state: 'failed' }, ['f2', 'f1']],
        [{ state: 'parked', type: 'test' }, ['p2', 'p1']],
        [{ state: 'scheduled' }, ['s1', 's2']],
        [{ state: 'held', key: 'k' }, ['h2', 'h1']],
        [{ state: 'processing', worker }, ['running']],
      ] as const;
      for (const [listing, ids] of listings) {
        expect(await backend.list(listing, 0, 10)).toEqual(ids);
        expect(await backend.list(listing, 1, 10)).toEqual(ids.slice(1));
        expect(await backend.list(listing, 0, 1)).toEqual(ids.slice(0, 1));
      }
    });

    it('is empty for a queue, key, worker or type that nobody knows', async () => {
      const { backend } = await begin(subject);
      expect(await backend.list({ state: 'waiting', queue: 'unknown' }, 0, 10)).toEqual([]);
      expect(await backend.list({ state: 'held', key: 'unknown' }, 0, 10)).toEqual([]);
      expect(await backend.list({ state: 'processing', worker: 'unknown' }, 0, 10)).toEqual([]);
      expect(await backend.list({ state: 'parked', type: 'unknown' }, 0, 10)).toEqual([]);
      expect(await backend.holders('unknown')).toEqual([]);
    });

    it('gives the jobs of a worker in the order in which it claimed them', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['b', 'a', 'd', 'c'].map((id) => newJob(id)));
      await session.claim(worker, 2);
      await session.claim(worker, 2);
      expect(await backend.list({ state: 'processing', worker }, 0, 10)).toEqual(['b', 'a', 'd', 'c']);
    });
  });

  describe('dead letters and stats', () => {
    it('keep the dead letters, oldest first, with the time of the backend', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const before = await backend.now();
      for (const id of ['a', 'b', 'c']) {
        await session.enqueue(newJob(id, { queue: `queue-${id}` }));
        await session.settle(await session.take(worker, id, `queue-${id}`), { kind: 'dead', reason: `reason ${id}` });
      }
      const letters = await backend.deadLetters(0, 10);
      expect(letters.map(({ queue, reason }) => [queue, reason])).toEqual(
        ['a', 'b', 'c'].map((id) => [`queue-${id}`, `reason ${id}`]),
      );
      for (const { at } of letters) expect(at).toBeGreaterThanOrEqual(before);
      expect((await backend.deadLetters(1, 1)).map(({ reason }) => reason)).toEqual(['reason b']);
      expect(await backend.deadLetters(3, 10)).toEqual([]);
    });

    it('count what there is, queues and workers by their names', async () => {
      const { session, backend } = await begin(subject);
      const empty = {
        scheduled: 0,
        failed: 0,
        completed: 0,
        parked: 0,
        dead: 0,
        counters: { successful: 0, failed: 0 },
      };
      expect(await backend.stats()).toEqual({ queues: [], workers: [], ...empty });
      await backend.register('w2', HOUR);
      await backend.register('w1', HOUR);
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('1', { ...k, queue: 'z' }), newJob('2', { ...k, queue: 'z' }));
      await session.enqueue(
        newJob('3', { queue: 'z' }),
        newJob('4', { queue: 'a' }),
        newJob('5', { due: { in: HOUR } }),
      );
      await session.claim('w2', 1, { queues: ['z'] });
      const [job] = await session.claim('w1', 1, { queues: ['z'] });
      if (job === undefined) throw new Error('a job should have come up');
      await session.settle(job, failed);
      const { queues, workers, ...rest } = await backend.stats();
      // A queue may be forgotten while nothing waits in it and nothing is held.
      expect(queues.filter(({ waiting, held }) => waiting + held > 0)).toEqual([
        { queue: 'a', waiting: 1, held: 0 },
        { queue: 'z', waiting: 0, held: 1 },
      ]);
      expect(workers).toEqual([
        { worker: 'w1', processing: 0, leaseEnds: expect.any(Number), takes: null },
        { worker: 'w2', processing: 1, leaseEnds: expect.any(Number), takes: null },
      ]);
      expect(rest).toEqual({ ...empty, scheduled: 1, failed: 1, counters: { successful: 0, failed: 1 } });
    });

    it('tell the time of the backend, which does not go back', async () => {
      const { session, backend } = await begin(subject);
      const before = await backend.now();
      await session.passed();
      expect(await backend.now()).toBeGreaterThan(before);
      expect(Number.isInteger(before)).toBe(true);
    });
  });
}

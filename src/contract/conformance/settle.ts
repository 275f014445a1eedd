import { describe, expect, it } from 'vitest';
import { KEPT_ATTEMPTS, type Outcome } from '../../core/outcome.ts';
import { begin, completed, failed, HOUR, locks, newJob, released, retry } from './session.ts';
import type { Subject } from './subject.ts';

export function settleSuite(subject: Subject): void {
  describe('exchange: settle', () => {
    it('completed: the job is gone and counted', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const reply = await session.settle(await session.take(worker, 'a'), completed);
      expect(reply).toEqual({
        lost: false,
        settled: ['settled'],
        claimed: [],
        moves: [],
        more: false,
        owned: 0,
        now: expect.any(Number),
      });
      expect(await backend.find('a')).toBeNull();
      expect(await backend.list({ state: 'processing', worker }, 0, 10)).toEqual([]);
      expect((await backend.stats()).counters).toEqual({ successful: 1, failed: 0 });
    });

    it('failed: the job is kept with its attempt and counted', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { payload: '[1]' }));
      const before = await backend.now();
      await session.settle(await session.take(worker, 'a'), failed);
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'failed', job: { payload: '[1]', attempts: 1, crashes: 0 } });
      expect(view?.failures).toEqual([
        { name: 'Error', message: 'no luck', attempt: 1, worker, at: expect.any(Number) },
      ]);
      expect(view?.failures[0]?.at).toBeGreaterThanOrEqual(before);
      expect(view?.failedAt).toBe(view?.failures[0]?.at);
      expect(view?.owner).toBeUndefined();
      expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 1 });
    });

    it('keeps all that a failure tells', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const failure = {
        name: 'TypeError',
        message: 'b is not a function',
        code: 'ERR_B',
        stack: 'TypeError: b\n    at run (worker.js:1:2)',
        cause: { name: 'Error', message: 'deeper', cause: { name: 'NonError', message: '"deepest"' } },
      };
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), { kind: 'failed', failure });
      expect((await backend.find('a'))?.failures).toEqual([{ ...failure, attempt: 1, worker, at: expect.any(Number) }]);
    });

    it('uncounted: the counters stay as they were', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      await session.settle(await session.take(worker, 'a'), { ...completed, counted: false });
      await session.settle(await session.take(worker, 'b'), { ...failed, counted: false });
      expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 0 });
      expect((await backend.find('b'))?.state).toBe('failed');
    });

    it('retry: the job is scheduled, with one attempt used', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const before = await backend.now();
      await session.settle(await session.take(worker, 'a'), retry(HOUR));
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'scheduled', job: { attempts: 1 } });
      expect(view?.due).toBeGreaterThanOrEqual(before + HOUR);
      expect(view?.due).toBeLessThanOrEqual((await backend.now()) + HOUR);
      expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 0 });
    });

    it(`keeps the newest ${KEPT_ATTEMPTS} failed attempts of a job, and the number of all`, async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      for (let attempt = 1; attempt <= KEPT_ATTEMPTS + 2; attempt += 1) {
        const job = await session.take(worker, 'a');
        expect(job.attempts).toBe(attempt - 1);
        await session.settle(job, retry(0, `attempt ${attempt}`));
        await backend.promote(10);
      }
      const view = await backend.find('a');
      expect(view?.job.attempts).toBe(KEPT_ATTEMPTS + 2);
      expect(view?.failures.map(({ attempt }) => attempt)).toEqual(
        Array.from({ length: KEPT_ATTEMPTS }, (_, index) => index + 3),
      );
      expect(view?.failures.at(-1)?.message).toBe(`attempt ${KEPT_ATTEMPTS + 2}`);
    });

    it('released: back to the front of the queue, and no attempt is used', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const job = await session.take(worker, 'a');
      await session.settle(job, released);
      expect(await session.waiting()).toEqual(['a', 'b']);
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 0 }, failures: [] });
      expect(view?.owner).toBeUndefined();
      expect(Number((await session.take(worker, 'a')).token)).toBeGreaterThan(Number(job.token));
    });

    it('released: of a batch the job with the lowest token comes first, whatever the order of the batch', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c', 'd'].map((id) => newJob(id)));
      const [a, b, c] = await session.claim(worker, 3);
      if (a === undefined || b === undefined || c === undefined) throw new Error('three jobs should have come up');
      await session.exchange(
        worker,
        [b, c, a].map((job) => ({ job, outcome: released })),
      );
      expect(await session.waiting()).toEqual(['a', 'b', 'c', 'd']);
    });

    it('released: a job with locks gets its place back before those that came after it', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: locks(['k', 1]) })));
      const [a] = await session.claim(worker, 2);
      if (a === undefined) throw new Error('a should have come up');
      const { moves } = await session.settle(a, released);
      expect(moves).toEqual([{ event: 'granted', id: 'a', queue: 'q', detail: 'k' }]);
      expect(await session.waiting()).toEqual(['a']);
      expect(await session.held('k')).toEqual(['b', 'c']);
      expect(await backend.find('a')).toMatchObject({ state: 'waiting', granted: true, job: { attempts: 0 } });
    });

    it('parked: put aside with the reason, and no attempt is used', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { type: 'strange' }));
      await session.settle(await session.take(worker, 'a'), { kind: 'parked', reason: 'nobody knows it' });
      expect(await backend.find('a')).toMatchObject({
        state: 'parked',
        reason: 'nobody knows it',
        job: { attempts: 0 },
      });
      expect(await backend.list({ state: 'parked', type: 'strange' }, 0, 10)).toEqual(['a']);
      expect((await backend.stats()).parked).toBe(1);
    });

    it('dead: to the dead letters with the reason', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), { kind: 'dead', reason: 'cannot be read' });
      expect(await backend.find('a')).toBeNull();
      const [letter] = await backend.deadLetters(0, 10);
      expect(letter).toMatchObject({ queue: 'q', reason: 'cannot be read' });
      expect(letter?.raw.byteLength).toBeGreaterThan(0);
      expect((await backend.stats()).dead).toBe(1);
    });

    it('cancelled: the job is gone and not counted', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), { kind: 'cancelled' });
      expect(await backend.find('a')).toBeNull();
      expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 0 });
    });

    it('settles a batch with every outcome in one step', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const outcomes: Outcome[] = [
        completed,
        failed,
        retry(0),
        released,
        { kind: 'parked', reason: 'strange' },
        { kind: 'dead', reason: 'damaged' },
        { kind: 'cancelled' },
      ];
      await session.enqueue(...outcomes.map(({ kind }) => newJob(kind)));
      const jobs = await session.claim(worker, outcomes.length);
      const settlements = jobs.flatMap((job, index) => {
        const outcome = outcomes[index];
        return outcome === undefined ? [] : [{ job, outcome }];
      });
      const { settled } = await session.exchange(worker, settlements);
      expect(settled).toEqual(outcomes.map(() => 'settled'));
      const views = await Promise.all(outcomes.map(({ kind }) => backend.find(kind)));
      expect(views.map((view) => view?.state)).toEqual([
        undefined,
        'failed',
        'scheduled',
        'waiting',
        'parked',
        undefined,
        undefined,
      ]);
    });

    it('refuses a job that was settled before, and changes nothing', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const a = await session.take(worker, 'a');
      await session.settle(a, completed);
      expect((await session.settle(a, failed)).settled).toEqual(['stale']);
      const b = await session.take(worker, 'b');
      await session.settle(b, retry(HOUR));
      expect((await session.settle(b, completed)).settled).toEqual(['stale']);
      expect((await backend.find('b'))?.state).toBe('scheduled');
      expect((await backend.stats()).counters).toEqual({ successful: 1, failed: 0 });
    });

    it('refuses the second of two settlements of one job in a batch', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      for (const [first, second] of [
        [completed, failed],
        [released, completed],
        [released, released],
      ] as const) {
        await session.enqueue(newJob('a'));
        const job = await session.take(worker, 'a');
        const reply = await session.exchange(worker, [
          { job, outcome: first },
          { job, outcome: second },
        ]);
        expect(reply.settled).toEqual(['settled', 'stale']);
        expect(await session.waiting()).toEqual(first === released ? ['a'] : []);
        await session.cancel('a');
      }
    });

    it('refuses a token that is not the present one, and leaves the job to its owner', async () => {
      const { session, backend } = await begin(subject);
      const [first, second] = [await session.worker(), await session.worker()];
      await session.enqueue(newJob('a'));
      const old = await session.take(first, 'a');
      await session.settle(old, released);
      const present = await session.take(second, 'a');
      for (const outcome of [completed, failed, retry(0), released]) {
        expect((await session.settle(old, outcome)).settled).toEqual(['stale']);
      }
      expect(await backend.find('a')).toMatchObject({ state: 'processing', owner: { token: present.token } });
      expect((await session.settle(present, completed)).settled).toEqual(['settled']);
    });

    it('does the rest of a batch where one of it is stale', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const [a, b] = await session.claim(worker, 2);
      if (a === undefined || b === undefined) throw new Error('two jobs should have come up');
      await session.settle(a, completed);
      const { settled } = await session.exchange(worker, [
        { job: a, outcome: failed },
        { job: b, outcome: completed },
        { job: { ...b, id: 'unknown' }, outcome: completed },
      ]);
      expect(settled).toEqual(['stale', 'settled', 'stale']);
      expect((await backend.stats()).counters).toEqual({ successful: 2, failed: 0 });
    });
  });
}

import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../core/envelope.ts';
import { RATE_MARK } from '../../core/rate.ts';
import { begin, completed, HOUR, locks, newJob, present, rate, retry, type Session } from './session.ts';
import type { Subject } from './subject.ts';

const ids = (jobs: readonly ClaimedJob[]): string[] => jobs.map(({ id }) => id);

async function runs(session: Session, queue: string): Promise<number | undefined> {
  return (await session.backend.controls.queueLimits()).find((limit) => limit.queue === queue)?.running;
}

export function controlsSuite(subject: Subject): void {
  describe('a paused queue', () => {
    it('gives nothing until it is resumed, and says who paused it and why', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b', { queue: 'other' }));
      const before = await backend.now();
      await session.pause({ queue: 'q' }, { by: 'ann', reason: 'the printer is out of paper' });
      const [pause] = await backend.controls.pauses();
      expect(pause).toEqual({ queue: 'q', by: 'ann', reason: 'the printer is out of paper', at: expect.any(Number) });
      expect(pause?.at).toBeGreaterThanOrEqual(before);
      expect(ids(await session.claim(worker, 5, { queues: ['q', 'other'] }))).toEqual(['b']);
      expect(await session.waiting()).toEqual(['a']);
      expect(await session.resume({ queue: 'q' })).toBe(true);
      expect(await session.resume({ queue: 'q' })).toBe(false);
      expect(await backend.controls.pauses()).toEqual([]);
      expect(ids(await session.claim(worker))).toEqual(['a']);
    });

    it('lets what runs go on, takes new jobs, and gives none of those that have a grant', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', { locks: locks(['k', 1]) }));
      const [a] = await session.claim(worker, 2);
      await session.pause({ queue: 'q' });
      await session.enqueue(newJob('c'));
      expect((await session.settle(present(a), completed)).settled).toEqual(['settled']);
      expect(await session.claim(worker, 5)).toEqual([]);
      expect(await session.waiting()).toEqual(['b', 'c']);
    });

    it('wakes nobody while it is paused, and claimers when it is resumed', async () => {
      const { session, backend } = await begin(subject);
      await session.pause({ queue: 'q' });
      await session.enqueue(newJob('a'));
      await session.claim(await session.worker());
      expect(await backend.wait(['q'], { timeout: 30 })).toBe('timeout');
      const woken = backend.wait(['q'], { timeout: 5_000 });
      await session.resume({ queue: 'q' });
      expect(await woken).toBe('woken');
    });

    it('is told anew by a second pause', async () => {
      const { session, backend } = await begin(subject);
      await session.pause({ queue: 'q' }, { by: 'ann' });
      await session.pause({ queue: 'q' }, { by: 'bob', reason: 'still' });
      await session.pause({ type: 'test' });
      expect(await backend.controls.pauses()).toMatchObject([
        { queue: 'q', by: 'bob', reason: 'still' },
        { type: 'test', by: null, reason: null },
      ]);
    });
  });

  describe('a paused type', () => {
    it('parks its jobs as they come up, whatever they have reserved, and lets the others pass', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const one = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', one), newJob('b', one), newJob('c', { ...one, type: 'else' }));
      const [a] = await session.claim(worker, 3);
      await session.enqueue(newJob('d'));
      await session.settle(present(a), completed);
      expect(await backend.find('b')).toMatchObject({ granted: true });
      await session.pause({ type: 'test' }, { by: 'ann', reason: 'a bug' });
      const { claimed, moves } = await session.exchange(worker, [], { queues: ['q'], count: 5, locks: 'take' });
      const reason = 'its type is paused by ann: a bug';
      expect(claimed).toEqual([]);
      expect(moves).toEqual([
        { event: 'parked', id: 'b', queue: 'q', detail: reason },
        { event: 'parked', id: 'd', queue: 'q', detail: reason },
        { event: 'granted', id: 'c', queue: 'q', detail: 'k' },
      ]);
      expect(await backend.find('b')).toMatchObject({ state: 'parked', reason });
      expect(ids(await session.claim(worker, 5))).toEqual(['c']);
      expect(await backend.unpark(['test'], 10)).toEqual({ moves: [], more: false });
      expect(await session.resume({ type: 'test' })).toBe(true);
      expect((await backend.unpark(['test'], 10)).moves).toHaveLength(2);
      expect(await session.waiting()).toEqual(['b', 'd']);
    });

    it('parks those as well that the stages pop', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.pause({ type: 'test' });
      await session.enqueue(newJob('a'), newJob('b', { type: 'else' }));
      expect(ids(await session.claim(worker, 5, { locks: 'later' }))).toEqual(['b']);
    });
  });

  describe("a queue's limit", () => {
    it('lets so many of its jobs run at once, over all workers, and wakes a claimer when one ends', async () => {
      const { session, backend } = await begin(subject);
      const [first, second] = [await session.worker(), await session.worker()];
      await session.limitQueue('q', { concurrency: 2 });
      await session.enqueue(...['a', 'b', 'c', 'd'].map((id) => newJob(id)), newJob('e', { queue: 'other' }));
      const [a] = await session.claim(first, 1);
      expect(ids(await session.claim(second, 5, { queues: ['q', 'other'] }))).toEqual(['b', 'e']);
      expect(await session.claim(first, 5)).toEqual([]);
      expect(await runs(session, 'q')).toBe(2);
      expect(await backend.wait(['q'], { timeout: 30 })).toBe('timeout');
      const woken = backend.wait(['q'], { timeout: 5_000 });
      await session.settle(present(a), completed);
      expect(await woken).toBe('woken');
      expect(ids(await session.claim(first, 5))).toEqual(['c']);
    });

    it('counts what runs already when it is set, and no longer what has gone in any way', async () => {
      const { session, backend } = await begin(subject);
      const [worker, mortal] = [await session.worker(), await session.worker()];
      await session.enqueue(...Array.from({ length: 9 }, (_, at) => newJob(`job-${at}`)));
      const [one, two, three] = await session.claim(worker, 3);
      await session.claim(mortal, 2);
      await session.limitQueue('q', { concurrency: 5 });
      expect(await runs(session, 'q')).toBe(5);
      expect(await session.claim(worker)).toEqual([]);
      await session.settle(present(one), retry(HOUR));
      await session.settle(present(two), { kind: 'parked', reason: 'unknown' });
      expect(await runs(session, 'q')).toBe(3);
      await session.vanish(mortal);
      expect(await runs(session, 'q')).toBe(1);
      await session.relinquish(worker);
      expect(await runs(session, 'q')).toBe(0);
      expect((await session.settle(present(three), completed)).settled).toEqual(['stale']);
      expect(await session.claim(worker, 9)).toHaveLength(5);
      await session.limitQueue('q', null);
      expect(await backend.controls.queueLimits()).toEqual([]);
      expect(await session.claim(worker, 9)).toHaveLength(2);
    });

    it('may be lowered and raised while jobs run', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.limitQueue('q', { concurrency: 3 });
      await session.enqueue(...Array.from({ length: 9 }, (_, at) => newJob(`job-${at}`)));
      const claimed = await session.claim(worker, 9);
      expect(claimed).toHaveLength(3);
      await session.limitQueue('q', { concurrency: 1 });
      for (const job of claimed.slice(0, 2)) await session.settle(job, completed);
      expect(await session.claim(worker, 9)).toEqual([]);
      await session.limitQueue('q', { concurrency: 4 });
      expect(await session.claim(worker, 9)).toHaveLength(3);
    });

    it('counts no job that is held, and each that runs once, whatever else it needs', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.limitQueue('q', { concurrency: 2 });
      const one = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', one), newJob('b', one), newJob('c', { locks: null }), newJob('d'));
      const [a, c] = await session.claim(worker, 9);
      expect([a?.id, c?.id]).toEqual(['a', 'c']);
      expect((await session.lock(present(c), locks(['k', 1]))).state).toBe('held');
      expect(await runs(session, 'q')).toBe(1);
      expect(ids(await session.claim(worker, 9))).toEqual(['d']);
      await session.unlock(present(a));
      expect(await runs(session, 'q')).toBe(2);
    });

    it('starts no more of its jobs than its rate allows, and says when it will', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.limitQueue('q', { rate: { concurrency: 2, interval: 40 } });
      await session.enqueue(...Array.from({ length: 4 }, (_, at) => newJob(`job-${at}`)));
      const began = await backend.now();
      expect(await session.claim(worker, 9)).toHaveLength(2);
      const [limit] = await backend.controls.queueLimits();
      expect(limit?.startsAt).toBeGreaterThanOrEqual(began + 40);
      const woken = backend.wait(['q'], { timeout: 5_000 });
      while ((await backend.now()) <= (limit?.startsAt ?? 0)) await backend.promote(10);
      await backend.promote(10);
      expect(await woken).toBe('woken');
      // One, or both where this took longer.
      expect(await session.claim(worker, 9)).not.toEqual([]);
    });

    it('is for one queue, and beside the rates of keys', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.limitQueue('q', { rate: { concurrency: 1, interval: HOUR } });
      await session.enqueue(newJob('a', { locks: [rate('q', HOUR)] }), newJob('b', { queue: 'other' }));
      expect(ids(await session.claim(worker, 9, { queues: ['q', 'other'] }))).toEqual(['a', 'b']);
      expect(await session.holding(`${RATE_MARK}q`)).toEqual([]);
    });
  });
}

import { describe, expect, it } from 'vitest';
import { begin, completed, failed, HOUR, locks, newJob } from './session.ts';
import type { Subject } from './subject.ts';

export function operateSuite(subject: Subject): void {
  describe('cancel', () => {
    it('removes a job that waits', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'), newJob('b'), newJob('c'));
      expect(await session.cancel('b')).toEqual({ result: 'cancelled', moves: [] });
      expect(await backend.find('b')).toBeNull();
      expect(await session.waiting()).toEqual(['a', 'c']);
      expect(await session.cancel('b')).toEqual({ result: 'unknown', moves: [] });
    });

    it('removes a job that is scheduled', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a', { due: { in: HOUR } }));
      expect((await session.cancel('a')).result).toBe('cancelled');
      expect(await backend.list({ state: 'scheduled' }, 0, 10)).toEqual([]);
      expect(await backend.promote(10)).toEqual({ moves: [], more: false, next: null });
    });

    it('removes a job that is held: the next gets the place in its stead', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: locks(['k', 1]) })));
      const [a] = await session.claim(worker, 3);
      if (a === undefined) throw new Error('a should have come up');
      expect(await session.cancel('b')).toEqual({ result: 'cancelled', moves: [] });
      expect(await session.held('k')).toEqual(['c']);
      await session.settle(a, completed);
      expect(await session.waiting()).toEqual(['c']);
    });

    it('removes a job that is parked', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), { kind: 'parked', reason: 'unknown' });
      expect((await session.cancel('a')).result).toBe('cancelled');
      expect(await backend.unpark(['test'], 10)).toEqual({ moves: [], more: false });
      expect((await backend.stats()).parked).toBe(0);
    });

    it('removes a job with a grant, and grants its places to the next', async () => {
      const { session, backend } = await begin(subject, { grantTimeout: 1 });
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: locks(['k', 1]) })));
      const [a] = await session.claim(worker, 3);
      if (a === undefined) throw new Error('a should have come up');
      await session.settle(a, completed);
      expect(await session.cancel('b')).toEqual({
        result: 'cancelled',
        moves: [{ event: 'granted', id: 'c', queue: 'q', detail: 'k' }],
      });
      expect(await session.holding('k')).toEqual(['c']);
      expect(await session.waiting()).toEqual(['c']);
      await session.cancel('c');
      expect(await session.holding('k')).toEqual([]);
      await session.passed((await backend.now()) + 1);
      expect(await backend.passGrants(10)).toEqual({ moves: [], more: false });
    });

    it('leaves a job alone that runs, has failed, or has completed, and says so', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const job = await session.take(worker, 'a');
      expect(await session.cancel('a')).toEqual({ result: 'processing', moves: [] });
      expect((await session.settle(job, failed)).settled).toEqual(['settled']);
      expect(await session.cancel('a')).toEqual({ result: 'failed', moves: [] });
      expect((await backend.find('a'))?.state).toBe('failed');
      await session.enqueue(newJob('b'));
      await session.settle(await session.take(worker, 'b'), { ...completed, keep: { for: HOUR, count: null } });
      expect(await session.cancel('b')).toEqual({ result: 'completed', moves: [] });
      expect((await backend.find('b'))?.state).toBe('completed');
    });
  });

  describe('increment', () => {
    it('adds to a counter, and to no other', async () => {
      const { session, backend } = await begin(subject);
      await session.increment('successful', 1);
      await session.increment('successful', 41);
      await session.increment('failed', 7);
      expect((await backend.stats()).counters).toEqual({ successful: 42, failed: 7 });
    });
  });
}

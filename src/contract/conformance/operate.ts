import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../core/outcome.ts';
import { begin, completed, failed, HOUR, locks, newJob, released, retry } from './session.ts';
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

    it('leaves a job alone that has failed, or has completed, and says so', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), failed);
      expect(await session.cancel('a')).toEqual({ result: 'failed', moves: [] });
      expect((await backend.find('a'))?.state).toBe('failed');
      await session.enqueue(newJob('b'));
      await session.settle(await session.take(worker, 'b'), { ...completed, keep: { for: HOUR, count: null } });
      expect(await session.cancel('b')).toEqual({ result: 'completed', moves: [] });
      expect((await backend.find('b'))?.state).toBe('completed');
    });
  });

  describe('cancel of a job that runs', () => {
    const goesOn: readonly Outcome[] = [
      retry(0),
      released,
      { kind: 'snoozed', due: { in: 0 } },
      { kind: 'parked', reason: 'unknown' },
    ];

    it.each(goesOn)('tells its worker, and ends it where it would go on: $kind', async (outcome) => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const lock = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', lock), newJob('b', lock));
      const [a] = await session.claim(worker, 2);
      if (a === undefined) throw new Error('a should have come up');
      expect(await session.cancel('a')).toEqual({ result: 'asked', moves: [] });
      expect(await session.toCancel(worker)).toEqual([a.token]);
      expect((await backend.find('a'))?.state).toBe('processing');
      const { settled, moves } = await session.settle(a, outcome);
      expect(settled).toEqual(['cancelled']);
      expect(moves).toEqual([{ event: 'granted', id: 'b', queue: 'q', detail: 'k' }]);
      expect(await backend.find('a')).toBeNull();
      expect(await session.holding('k')).toEqual(['b']);
      expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 0 });
    });

    it.each([completed, failed])('lets it end where it does: $kind', async (outcome) => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const a = await session.take(worker, 'a');
      await session.cancel('a');
      expect((await session.settle(a, outcome)).settled).toEqual(['settled']);
      expect(await session.toCancel(worker)).toEqual([]);
      // A later job of the same id is another one.
      if (outcome.kind === 'failed') await session.discard('a');
      await session.enqueue(newJob('a'));
      const again = await session.take(worker, 'a');
      expect((await session.settle(again, released)).settled).toEqual(['settled']);
      expect(await session.waiting()).toEqual(['a']);
    });

    it('calls the worker, and no other', async () => {
      const { session, backend } = await begin(subject);
      const [worker, other] = [await session.worker(), await session.worker()];
      await session.enqueue(newJob('a'), newJob('b'));
      const a = await session.take(worker, 'a');
      const b = await session.take(other, 'b');
      await session.checkIn();
      const called = backend.waitForCall({ worker, leads: false }, { timeout: 20_000 });
      const otherCalled = backend.waitForCall({ worker: other, leads: false }, { timeout: 300 });
      await session.cancel('a');
      expect(await called).toBe('woken');
      expect(await session.toCancel(worker)).toEqual([a.token]);
      expect(await otherCalled).toBe('timeout');
      expect(await session.toCancel(other)).toEqual([]);
      // It is told for as long as it runs, and called for what comes next.
      expect(await session.toCancel(worker)).toEqual([a.token]);
      const next = backend.waitForCall({ worker: other, leads: false }, { timeout: 20_000 });
      await session.cancel('b');
      expect(await next).toBe('woken');
      expect(await session.toCancel(other)).toEqual([b.token]);
    });

    it('calls a worker that begins to wait only now, once', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const a = await session.take(worker, 'a');
      await session.checkIn({ worker });
      await session.cancel('a');
      const callee = { worker, leads: true };
      expect(await backend.waitForCall(callee, { timeout: 20_000 })).toBe('woken');
      expect(await session.toCancel(worker)).toEqual([a.token]);
      expect(await backend.waitForCall(callee, { timeout: 50 })).toBe('timeout');
    });

    it('ends it when its worker vanishes, and crashes count for nothing', async () => {
      const { session, backend } = await begin(subject);
      await backend.register('w', 1);
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b'));
      await session.claim('w', 2);
      await session.cancel('a');
      await session.passed((await backend.now()) + 1);
      const { moves } = await backend.reclaim(10);
      expect(moves).toContainEqual({ event: 'cancelled', id: 'a', queue: 'q', detail: 'w' });
      expect(await backend.find('a')).toBeNull();
      expect(await session.holding('k')).toEqual([]);
      expect(await session.waiting()).toEqual(['b']);
    });

    it('ends it where it would have to wait for a lock that only its worker could tell', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', { locks: null }));
      await session.claim(worker, 1);
      const b = await session.take(worker, 'b');
      await session.cancel('b');
      const reply = await session.lock(b, locks(['k', 1]));
      expect(reply).toEqual({ state: 'stale', moves: [{ event: 'cancelled', id: 'b', queue: 'q', detail: worker }] });
      expect(await backend.find('b')).toBeNull();
      expect(await session.held('k')).toEqual([]);
    });

    it('ends it when its worker does not know of it', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.take(worker, 'a');
      await session.cancel('a');
      const { moves } = await session.relinquish(worker);
      expect(moves).toEqual([{ event: 'cancelled', id: 'a', queue: 'q', detail: worker }]);
      expect(await backend.find('a')).toBeNull();
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

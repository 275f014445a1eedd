import { describe, expect, it } from 'vitest';
import type { Keep } from '../../core/keep.ts';
import { CRASHED, MOST_CRASHES } from '../../core/outcome.ts';
import { begin, completed, failed, HOUR, locks, newJob, type Session } from './session.ts';
import type { Subject } from './subject.ts';

/** Has jobs run once, one after another, at instants that differ. */
async function runEach(session: Session, ids: readonly string[], keep?: Keep, type = 'test'): Promise<void> {
  const worker = await session.worker();
  for (const id of ids) {
    await session.enqueue(newJob(id, { type }));
    const job = await session.take(worker, id);
    await session.settle(job, keep === undefined ? failed : { ...completed, keep });
    await session.passed();
  }
}

/** Lets a job's worker vanish `times` times in a row. */
async function crash(session: Session, id: string, times: number): Promise<void> {
  for (let crashes = 1; crashes <= times; crashes += 1) {
    const worker = await session.worker();
    await session.take(worker, id);
    await session.vanish(worker);
  }
}

export function endingSuite(subject: Subject): void {
  describe('snoozed', () => {
    it('puts a job off without using an attempt, and forgets its crashes', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'));
      await crash(session, 'a', 1);
      const job = await session.take(await session.worker(), 'a');
      const before = await backend.now();
      await session.settle(job, { kind: 'snoozed', due: { in: HOUR } });
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'scheduled', job: { attempts: 0, crashes: 0 }, failures: [] });
      expect(view?.due).toBeGreaterThanOrEqual(before + HOUR);
      expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 0 });
    });

    it('until an instant that has passed: the job is due at once', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const [a, b] = await session.claim(worker, 2);
      if (a === undefined || b === undefined) throw new Error('a and b should have come up');
      await session.settle(a, { kind: 'snoozed', due: { at: 1_000 } });
      await session.settle(b, { kind: 'snoozed', due: { in: 0 } });
      await backend.promote(10);
      expect(await session.waiting()).toEqual(['a', 'b']);
    });
  });

  describe('crashes', () => {
    it(`quarantine a job at the ${MOST_CRASHES}rd in a row: it is kept as failed, and no attempt is used`, async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', { locks: locks(['k', 1]) }));
      await crash(session, 'a', MOST_CRASHES - 1);
      const worker = await session.worker();
      await session.take(worker, 'a');
      await session.claim(await session.worker(), 1);
      await backend.retire(worker);
      const { moves } = await backend.reclaim(10);
      expect(moves).toEqual([
        { event: 'quarantined', id: 'a', queue: 'q', detail: worker },
        { event: 'granted', id: 'b', queue: 'q', detail: 'k' },
      ]);
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'failed', job: { attempts: 0, crashes: MOST_CRASHES } });
      expect(view?.failures).toEqual([{ ...CRASHED, attempt: 1, worker, at: view?.failedAt }]);
      expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 1 });
      expect(await session.holding('k')).toEqual(['b']);
    });

    it('are not forgotten by a release of a job that did not run', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'));
      await crash(session, 'a', 2);
      const job = await session.take(await session.worker(), 'a');
      await session.settle(job, { kind: 'released', untried: true });
      expect(await backend.find('a')).toMatchObject({ state: 'waiting', job: { crashes: 2 } });
    });
  });

  describe('failed attempts', () => {
    it('tell how long they took', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'));
      const worker = await session.worker();
      await session.settle(await session.take(worker, 'a'), { ...failed, took: 1_234 });
      expect((await backend.find('a'))?.failures).toMatchObject([{ message: 'no luck', took: 1_234 }]);
    });
  });

  describe('retry of failed jobs', () => {
    it('puts them at the back of their queue with a new set of attempts, and keeps what went wrong', async () => {
      const { session, backend } = await begin(subject);
      await runEach(session, ['a']);
      await session.enqueue(newJob('b'));
      expect(await session.retryFailed('a', 'b', 'c')).toEqual(['retried', 'refused', 'unknown']);
      expect(await session.waiting()).toEqual(['b', 'a']);
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 0 } });
      expect(view?.failedAt).toBeUndefined();
      expect(view?.failures).toMatchObject([{ attempt: 1, message: 'no luck' }]);
      expect(await backend.list({ state: 'failed' }, 0, 10)).toEqual([]);
      expect((await backend.stats()).failed).toBe(0);
      const worker = await session.worker();
      await session.claim(worker, 1);
      await session.settle(await session.take(worker, 'a'), failed);
      expect((await backend.find('a'))?.failures).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
    });

    it('takes a job out of its quarantine', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'));
      await crash(session, 'a', MOST_CRASHES);
      expect(await session.retryFailed('a')).toEqual(['retried']);
      expect(await backend.find('a')).toMatchObject({ state: 'waiting', job: { crashes: 0 } });
    });

    it('of one with a lock that is full: it is held when it comes up', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', k), newJob('b', k));
      await session.settle(await session.take(worker, 'a'), failed);
      await session.take(worker, 'b');
      await session.retryFailed('a');
      expect(await session.claim(worker, 1)).toEqual([]);
      expect(await backend.find('a')).toMatchObject({ state: 'held', heldFor: 'k' });
    });
  });

  describe('discard', () => {
    it('removes what has failed, and what has completed and was kept, and nothing else', async () => {
      const { session, backend } = await begin(subject);
      await runEach(session, ['failed']);
      await runEach(session, ['kept'], { for: HOUR, count: null });
      await session.enqueue(newJob('waiting'));
      expect(await session.discard('failed', 'kept', 'waiting', 'none')).toEqual([
        'discarded',
        'discarded',
        'refused',
        'unknown',
      ]);
      for (const id of ['failed', 'kept']) expect(await backend.find(id)).toBeNull();
      expect(await backend.stats()).toMatchObject({ failed: 0, completed: 0, counters: { successful: 1, failed: 1 } });
      // Its id is free again, and nothing is left of what it was.
      await session.enqueue(newJob('failed'));
      expect((await backend.find('failed'))?.failures).toEqual([]);
    });
  });

  describe('kept jobs', () => {
    it('that completed stay as they were, by type and in their order', async () => {
      const { session, backend } = await begin(subject);
      await runEach(session, ['b', 'a'], { for: HOUR, count: null });
      await runEach(session, ['c'], { for: null, count: 5 }, 'other');
      expect(await backend.list({ state: 'completed', type: 'test' }, 0, 10)).toEqual(['b', 'a']);
      expect(await backend.list({ state: 'completed', type: 'other' }, 0, 10)).toEqual(['c']);
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'completed', job: { payload: '{}', attempts: 0 } });
      expect(view?.owner).toBeUndefined();
      expect(view?.completedAt).toBeLessThanOrEqual(await backend.now());
      expect(await backend.stats()).toMatchObject({ completed: 3, counters: { successful: 3, failed: 0 } });
      expect(await session.enqueue(newJob('a'))).toEqual(['duplicate']);
    });

    it('free their locks', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', k), newJob('b', k));
      const [a] = await session.claim(worker, 2);
      if (a === undefined) throw new Error('a should have come up');
      await session.settle(a, { ...completed, keep: { for: HOUR, count: null } });
      expect(await session.waiting()).toEqual(['b']);
    });

    it('expire by their age, the oldest first, and no more of them in a step than it may', async () => {
      const { session, backend } = await begin(subject);
      await runEach(session, ['f1', 'f2', 'f3']);
      await runEach(session, ['c1', 'c2'], { for: 1, count: null });
      expect(await backend.expire({ for: HOUR, count: null }, 1)).toMatchObject({ moves: [{ id: 'c1' }], more: true });
      expect(await backend.expire({ for: 1, count: null }, 2)).toEqual({
        moves: ['f1', 'f2'].map((id) => ({ event: 'expired', id, queue: 'q' })),
        more: true,
      });
      const rest = await backend.expire({ for: 1, count: null }, 10);
      expect(rest).toMatchObject({ moves: [{ id: 'f3' }, { id: 'c2' }], more: false });
      for (const id of ['f1', 'f2', 'f3', 'c1', 'c2']) expect(await backend.find(id)).toBeNull();
      expect(await backend.stats()).toMatchObject({ failed: 0, completed: 0 });
    });

    it('expire by their number', async () => {
      const { session, backend } = await begin(subject);
      await runEach(session, ['f1', 'f2', 'f3']);
      await runEach(session, ['c1', 'c2', 'c3'], { for: HOUR, count: 1 });
      const { moves } = await backend.expire({ for: HOUR, count: 2 }, 10);
      expect(moves.map(({ id }) => id)).toEqual(['f1', 'c1', 'c2']);
      expect(await backend.list({ state: 'failed' }, 0, 10)).toEqual(['f2', 'f3']);
      expect(await backend.list({ state: 'completed', type: 'test' }, 0, 10)).toEqual(['c3']);
    });

    it('go by the rule that came with the last job of their type', async () => {
      const { session, backend } = await begin(subject);
      await runEach(session, ['a', 'b'], { for: HOUR, count: null });
      await runEach(session, ['c'], { for: null, count: 1 });
      const { moves } = await backend.expire({ for: HOUR, count: null }, 10);
      expect(moves.map(({ id }) => id)).toEqual(['a', 'b']);
    });
  });
}

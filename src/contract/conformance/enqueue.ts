import { describe, expect, it } from 'vitest';
import { begin, completed, HOUR, locks, newJob } from './session.ts';
import type { Subject } from './subject.ts';

export function enqueueSuite(subject: Subject): void {
  describe('enqueue', () => {
    it('appends jobs to the back of their queue, in the order given', async () => {
      const { session } = await begin(subject);
      expect(await session.enqueue(newJob('a'), newJob('b'))).toEqual(['enqueued', 'enqueued']);
      await session.enqueue(newJob('c'));
      expect(await session.waiting()).toEqual(['a', 'b', 'c']);
    });

    it('keeps queues apart', async () => {
      const { session } = await begin(subject);
      await session.enqueue(newJob('a', { queue: 'left' }), newJob('b', { queue: 'right' }));
      expect(await session.waiting('left')).toEqual(['a']);
      expect(await session.waiting('right')).toEqual(['b']);
    });

    it('changes nothing for an id that is in the books, in whatever queue or call', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a', { payload: '1' }));
      const again = newJob('a', { payload: '2', queue: 'other' });
      expect(await session.enqueue(newJob('b'), again, newJob('b'))).toEqual(['enqueued', 'duplicate', 'duplicate']);
      expect(await session.enqueue(again)).toEqual(['duplicate']);
      expect(await session.waiting()).toEqual(['a', 'b']);
      expect(await backend.size('other')).toBe(0);
      expect((await backend.find('a'))?.job.payload).toBe('1');
    });

    it('takes an id anew once the books are rid of it', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), completed);
      expect(await session.enqueue(newJob('a'))).toEqual(['enqueued']);
    });

    it('schedules what is due later, by a delay or by an instant', async () => {
      const { session, backend } = await begin(subject);
      const now = await backend.now();
      await session.enqueue(newJob('b', { due: { at: now + 2 * HOUR } }), newJob('a', { due: { in: HOUR } }));
      expect(await session.waiting()).toEqual([]);
      expect(await backend.list({ state: 'scheduled' }, 0, 10)).toEqual(['a', 'b']);
      const soon = await backend.find('a');
      expect(soon?.state).toBe('scheduled');
      expect(soon?.due).toBeGreaterThanOrEqual(now + HOUR);
      expect((await backend.find('b'))?.due).toBe(now + 2 * HOUR);
    });

    it('appends at once what is due now, or was due in the past', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'), newJob('b', { due: { in: 0 } }));
      await session.enqueue(newJob('c', { due: { at: 0 } }), newJob('d', { due: { at: (await backend.now()) - 1 } }));
      expect(await session.waiting()).toEqual(['a', 'b', 'c', 'd']);
    });

    it('does nothing for no jobs', async () => {
      const { session } = await begin(subject);
      expect(await session.enqueue()).toEqual([]);
    });

    it('numbers jobs in their order and stamps them with the time of the backend', async () => {
      const { session, backend } = await begin(subject);
      const before = await backend.now();
      await session.enqueue(newJob('a'), newJob('b', { due: { in: HOUR } }));
      await session.enqueue(newJob('c'));
      const after = await backend.now();
      const views = await Promise.all(['a', 'b', 'c'].map((id) => backend.find(id)));
      const [a = 0, b = 0, c = 0] = views.map((view) => view?.job.sequence);
      expect(a).toBeLessThan(b);
      expect(b).toBeLessThan(c);
      for (const view of views) {
        expect(view?.job.enqueuedAt).toBeGreaterThanOrEqual(before);
        expect(view?.job.enqueuedAt).toBeLessThanOrEqual(after);
        expect(view?.job).toMatchObject({ attempts: 0, crashes: 0 });
      }
    });

    it('numbers jobs in their order whatever they are, and however many come at once', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'));
      await session.enqueue(newJob('b'), newJob('c'));
      await session.enqueue(newJob('d', { extras: { priority: 5 } }));
      await session.enqueue(newJob('e', { locks: null }));
      await session.enqueue(newJob('f', { locks: locks(['k', 1]) }), newJob('g', { due: { in: HOUR } }));
      await session.enqueue(newJob('h'));
      const views = await Promise.all([...'abcdefgh'].map((id) => backend.find(id)));
      const numbers = views.map((view) => view?.job.sequence ?? -1);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(views.map((view) => view?.job.locks)).toMatchObject([[], [], [], [], null, [{ key: 'k' }], [], []]);
    });

    it('takes a thousand jobs in one call', async () => {
      const { session, backend } = await begin(subject);
      const ids = Array.from({ length: 1_000 }, (_, index) => `job-${index}`);
      const results = await session.enqueue(...ids.map((id) => newJob(id)));
      expect(results.every((result) => result === 'enqueued')).toBe(true);
      expect(await backend.size('q')).toBe(1_000);
      expect(await session.waiting()).toEqual(ids);
    });
  });
}

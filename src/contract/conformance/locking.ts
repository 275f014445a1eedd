import { describe, expect, it } from 'vitest';
import { begin, completed, expectNoHolders, locks, newJob, released } from './session.ts';
import type { Subject } from './subject.ts';

const one = (key: string) => ({ locks: locks([key, 1]) });

/** The locks of a job that was claimed without them. */
export function lockingSuite(subject: Subject): void {
  describe('lock and unlock', () => {
    it('gives `none` to a job without locks', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b', { locks: null }));
      for (const id of ['a', 'b']) {
        const job = await session.take(worker, id, 'q', 'later');
        expect(await session.lock(job)).toEqual({ state: 'none', moves: [] });
      }
    });

    it('takes the locks of a job that was claimed without them, once', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', one('k')));
      const job = await session.take(worker, 'a', 'q', 'later');
      expect(await session.holding('k')).toEqual([]);
      expect(await session.lock(job)).toEqual({ state: 'locked', moves: [] });
      expect(await session.lock(job)).toEqual({ state: 'locked', moves: [] });
      expect(await backend.holders('k')).toEqual([{ id: 'a', token: job.token }]);
      await session.settle(job, completed);
      await expectNoHolders(session, 'k');
    });

    it('holds a claimed job whose lock is full: it leaves its worker', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', one('k')), newJob('b', one('k')));
      const [a, b] = await session.claim(worker, 2, { locks: 'later' });
      if (a === undefined || b === undefined) throw new Error('a and b should have come up');
      expect((await session.lock(a)).state).toBe('locked');
      const reply = await session.lock(b);
      expect(reply).toEqual({ state: 'held', moves: [{ event: 'held', id: 'b', queue: 'q', detail: 'k' }] });
      expect(await backend.find('b')).toMatchObject({ state: 'held', heldFor: 'k' });
      expect(await backend.list({ state: 'processing', worker }, 0, 10)).toEqual(['a']);
      expect((await session.settle(b, completed)).settled).toEqual(['stale']);
      expect((await session.unlock(a)).moves).toEqual([{ event: 'granted', id: 'b', queue: 'q', detail: 'k' }]);
      const again = await session.take(worker, 'b', 'q', 'later');
      expect(await session.lock(again)).toEqual({ state: 'locked', moves: [] });
    });

    it('lets a job keep the places that were granted to it, when it is claimed without its locks', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', one('k')), newJob('b', one('k')), newJob('c', one('k')));
      const [a] = await session.claim(worker, 3);
      if (a === undefined) throw new Error('a should have come up');
      await session.settle(a, completed);
      const b = await session.take(worker, 'b', 'q', 'later');
      expect(await backend.holders('k')).toEqual([{ id: 'b', token: b.token }]);
      expect(await session.lock(b)).toEqual({ state: 'locked', moves: [] });
    });

    it('is stale for a job that was settled, and for an old token', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', one('k')));
      const old = await session.take(worker, 'a', 'q', 'later');
      await session.settle(old, released);
      const present = await session.take(worker, 'a', 'q', 'later');
      expect(await session.lock(old)).toEqual({ state: 'stale', moves: [] });
      expect((await session.lock(present)).state).toBe('locked');
      expect(await session.unlock(old)).toEqual({ freed: 0, moves: [] });
      expect(await session.holding('k')).toEqual(['a']);
      await session.settle(present, completed);
      expect(await session.lock(present)).toEqual({ state: 'stale', moves: [] });
    });

    it('puts locks that are given late into the job, and takes them', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: null }), newJob('b', { locks: null }));
      const [a, b] = await session.claim(worker, 2);
      if (a === undefined || b === undefined) throw new Error('a and b should have come up');
      expect((await session.lock(a, locks(['k', 1]))).state).toBe('locked');
      expect((await backend.find('a'))?.job.locks).toEqual(locks(['k', 1]));
      expect((await session.lock(b, locks(['k', 1]))).state).toBe('held');
      await session.settle(a, completed);
      const again = await session.take(worker, 'b');
      expect(again.locks).toEqual(locks(['k', 1]));
      await session.settle(again, completed);
      await expectNoHolders(session, 'k');
    });

    it('remembers that a job needs no lock, when that is what it is given late', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: null }));
      const job = await session.take(worker, 'a');
      expect(job.locks).toBeNull();
      expect(await session.lock(job, [])).toEqual({ state: 'none', moves: [] });
      expect((await backend.find('a'))?.job.locks).toEqual([]);
    });

    it('frees what a job holds and leaves the job to its worker', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1], ['l', 1]) }), newJob('b', one('l')));
      const [a] = await session.claim(worker, 2);
      if (a === undefined) throw new Error('a should have come up');
      expect(await session.unlock(a)).toEqual({
        freed: 2,
        moves: [{ event: 'granted', id: 'b', queue: 'q', detail: 'l' }],
      });
      expect(await session.unlock(a)).toEqual({ freed: 0, moves: [] });
      expect(await session.holding('l')).toEqual(['b']);
      expect((await backend.find('a'))?.state).toBe('processing');
      expect((await session.settle(a, completed)).settled).toEqual(['settled']);
      await session.settle(await session.take(worker, 'b'), completed);
      await expectNoHolders(session, 'k', 'l');
    });
  });
}

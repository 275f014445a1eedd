import { describe, expect, it } from 'vitest';
import { PASS_BUDGET } from '../backend.ts';
import { begin, completed, HOUR, locks, newJob, retry, type Session } from './session.ts';
import type { Subject } from './subject.ts';

/** Schedules jobs for now, by failing them: one after the other, so that each is due later than the one before. */
async function makeDue(session: Session, ...ids: readonly string[]): Promise<void> {
  const worker = await session.worker();
  for (const id of ids) {
    await session.enqueue(newJob(id));
    await session.settle(await session.take(worker, id), retry(0));
    await session.passed();
  }
}

export function scheduleSuite(subject: Subject): void {
  describe('promote', () => {
    it('moves jobs that are due to the backs of their queues, by the time they are due', async () => {
      const { session, backend } = await begin(subject);
      await makeDue(session, 'c', 'a', 'b');
      await session.enqueue(newJob('first'), newJob('later', { due: { in: HOUR } }));
      const { moves, more, next } = await backend.promote(10);
      expect(moves).toEqual(['c', 'a', 'b'].map((id) => ({ event: 'promoted', id, queue: 'q' })));
      expect(more).toBe(false);
      expect(next).toBeGreaterThan(0);
      expect(next).toBeLessThanOrEqual(HOUR);
      expect(await session.waiting()).toEqual(['first', 'c', 'a', 'b']);
      const view = await backend.find('c');
      expect(view?.state).toBe('waiting');
      expect(view?.due).toBeUndefined();
    });

    it('moves jobs that are due at the same instant by their ids', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('b'), newJob('c'), newJob('a'));
      const due = { at: await backend.now() };
      const settlements = (await session.claim(worker, 3)).map(
        (job) => ({ job, outcome: { kind: 'snoozed', due } }) as const,
      );
      await session.exchange(worker, settlements);
      await session.passed();
      await backend.promote(10);
      expect(await session.waiting()).toEqual(['a', 'b', 'c']);
    });

    it('goes step by step', async () => {
      const { session, backend } = await begin(subject);
      await makeDue(session, 'a', 'b', 'c');
      expect(await backend.promote(2)).toMatchObject({ moves: [{ id: 'a' }, { id: 'b' }], more: true, next: 0 });
      expect(await backend.promote(2)).toMatchObject({ moves: [{ id: 'c' }], more: false, next: null });
    });

    it('tells when there is nothing to promote', async () => {
      const { backend } = await begin(subject);
      expect(await backend.promote(10)).toEqual({ moves: [], more: false, next: null });
    });

    it('promotes what was scheduled when its time has come, and not before', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a', { due: { in: 150 } }));
      const due = (await backend.find('a'))?.due ?? 0;
      const early = await backend.promote(10);
      if ((await backend.now()) < due) expect(early.moves).toEqual([]);
      await session.passed(due);
      await backend.promote(10);
      expect(await session.waiting()).toEqual(['a']);
    });
  });

  describe('pass grants', () => {
    /** Leaves `a` in queue `left` with a grant, and `b` and then `c` in queue `right` waiting for the same key. */
    async function beginWithGrant(grantTimeout: number) {
      const begun = await begin(subject, { grantTimeout });
      const { session } = begun;
      const worker = await session.worker();
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('holder', k), newJob('a', { ...k, queue: 'left' }));
      const holder = await session.take(worker, 'holder');
      await session.enqueue(newJob('b', { ...k, queue: 'right' }), newJob('c', { ...k, queue: 'right' }));
      await session.claim(worker, 5, { queues: ['left', 'right'] });
      await session.settle(holder, completed);
      await session.enqueue(newJob('plain', { queue: 'left' }));
      await session.passed((await session.backend.now()) + 1);
      return { ...begun, worker };
    }

    it('passes a grant that nobody claims to a job of another queue', async () => {
      const { session, backend, worker } = await beginWithGrant(1);
      expect(await backend.passGrants(10)).toEqual({
        moves: [{ event: 'granted', id: 'b', queue: 'right', detail: 'k' }],
        more: false,
      });
      expect(await session.waiting('left')).toEqual(['a', 'plain']);
      expect((await backend.find('a'))?.granted).toBeUndefined();
      expect(await backend.holders('k')).toEqual([{ id: 'b', token: null }]);
      expect(await session.held('k')).toEqual(['c']);
      // The job that lost its grant is held again when it comes up: it has waited longest, so it is next.
      expect(await session.claim(worker, 1, { queues: ['left'] })).toMatchObject([{ id: 'plain' }]);
      expect(await session.held('k')).toEqual(['a', 'c']);
    });

    it('keeps a grant that is not old enough', async () => {
      const { session, backend } = await beginWithGrant(HOUR);
      expect(await backend.passGrants(10)).toEqual({ moves: [], more: false });
      expect(await session.holding('k')).toEqual(['a']);
    });

    it('renews a grant that no other queue could use', async () => {
      const { session, backend } = await beginWithGrant(1);
      await session.cancel('b');
      await session.cancel('c');
      await session.enqueue(newJob('d', { locks: locks(['k', 1]), queue: 'left' }));
      expect(await backend.passGrants(10)).toEqual({ moves: [], more: false });
      expect(await backend.find('a')).toMatchObject({ state: 'waiting', granted: true });
      expect(await session.waiting('left')).toEqual(['a', 'plain', 'd']);
    });

    it('passes no grant of a job that was claimed', async () => {
      const { session, backend, worker } = await beginWithGrant(1);
      const a = await session.take(worker, 'a', 'left');
      expect(await backend.passGrants(10)).toEqual({ moves: [], more: false });
      expect(await backend.holders('k')).toEqual([{ id: 'a', token: a.token }]);
    });

    it('takes up no other grant in a step that has looked at as many jobs as it may', async () => {
      const { session, backend } = await begin(subject, { grantTimeout: 1 });
      const worker = await session.worker();
      const x = { locks: locks(['x', 1]) };
      const y = { locks: locks(['y', 1]) };
      await session.enqueue(newJob('x', x), newJob('y', y));
      const running = await session.claim(worker, 2);
      // For one key wait as many as a step looks at, none of them of another queue; for the other one that can have its place.
      await session.enqueueAll(Array.from({ length: PASS_BUDGET + 1 }, (_, index) => newJob(`x-${index}`, x)));
      await session.enqueue(newJob('y-left', y), newJob('y-right', { ...y, queue: 'right' }));
      while ((await session.exchange(worker, [], { queues: ['q', 'right'], count: 1, locks: 'take' })).more);
      for (const job of running) {
        await session.settle(job, completed);
        await session.passed();
      }
      expect(await backend.passGrants(10)).toEqual({ moves: [], more: true });
      expect(await backend.passGrants(10)).toMatchObject({ moves: [{ event: 'granted', id: 'y-right' }] });
    });

    it('looks at no more grants in one step than it may', async () => {
      const { session, backend } = await begin(subject, { grantTimeout: 1 });
      const worker = await session.worker();
      for (const queue of ['left', 'right']) {
        const jobs = ['x', 'y', 'z'].flatMap((key) => [0, 1].map((index) => `${queue}-${key}${index}`));
        await session.enqueue(...jobs.map((id) => newJob(id, { queue, locks: locks([id.slice(-2, -1), 1]) })));
      }
      const running = await session.claim(worker, 3, { queues: ['left'] });
      await session.claim(worker, 20, { queues: ['left', 'right'] });
      await session.exchange(
        worker,
        running.map((job) => ({ job, outcome: completed })),
      );
      await session.passed((await backend.now()) + 1);
      const first = await backend.passGrants(2);
      expect(first.more).toBe(true);
      expect(first.moves).toHaveLength(2);
    });
  });

  describe('unpark', () => {
    async function park(session: Session, ...jobs: readonly (readonly [id: string, type: string])[]) {
      const worker = await session.worker();
      await session.enqueue(...jobs.map(([id, type]) => newJob(id, { type })));
      const claimed = await session.claim(worker, jobs.length);
      const outcome = { kind: 'parked', reason: 'unknown type' } as const;
      await session.exchange(
        worker,
        [...claimed].reverse().map((job) => ({ job, outcome })),
      );
    }

    it('moves the parked jobs of some types to the fronts of their queues, the oldest foremost', async () => {
      const { session, backend } = await begin(subject);
      await park(session, ['a', 'x'], ['b', 'y'], ['c', 'x'], ['d', 'z']);
      await session.enqueue(newJob('e'));
      expect(await backend.list({ state: 'parked', type: 'x' }, 0, 10)).toEqual(['a', 'c']);
      const { moves, more } = await backend.unpark(['x', 'unknown'], 10);
      expect(moves).toEqual(['c', 'a'].map((id) => ({ event: 'unparked', id, queue: 'q' })));
      expect(more).toBe(false);
      expect(await session.waiting()).toEqual(['a', 'c', 'e']);
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'waiting', job: { attempts: 0 } });
      expect(view?.reason).toBeUndefined();
      expect((await backend.stats()).parked).toBe(2);
    });

    it('goes step by step, and the oldest still ends up foremost', async () => {
      const { session, backend } = await begin(subject);
      await park(session, ['a', 'x'], ['b', 'x'], ['c', 'x']);
      expect((await backend.unpark(['x'], 2)).more).toBe(true);
      expect(await backend.unpark(['x'], 2)).toMatchObject({ moves: [{ id: 'a' }], more: false });
      expect(await session.waiting()).toEqual(['a', 'b', 'c']);
    });

    it('does nothing for no types', async () => {
      const { session, backend } = await begin(subject);
      await park(session, ['a', 'x']);
      expect(await backend.unpark([], 10)).toEqual({ moves: [], more: false });
      expect((await backend.find('a'))?.state).toBe('parked');
    });
  });
}

import { describe, expect, it } from 'vitest';
import type { NewJob } from '../../core/envelope.ts';
import { begin, completed, failed, HOUR, itIfAble, locks, newJob, released, retry, roundTrips } from './session.ts';
import type { Subject } from './subject.ts';

function prior(id: string, priority: number, fields: Partial<NewJob> = {}): NewJob {
  return newJob(id, { ...fields, ...(priority !== 0 && { extras: { priority } }) });
}

export function prioritySuite(subject: Subject): void {
  describe('priority', () => {
    it('comes before the order of enqueue, and ties go by that; every look says so', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(prior('c', 0), prior('e', -1), prior('a', 1000), prior('d', 0));
      await session.enqueue(prior('f', -1000), prior('b', 1000));
      const order = ['a', 'b', 'c', 'd', 'e', 'f'];
      expect(await session.waiting()).toEqual(order);
      expect(await backend.size('q')).toBe(6);
      expect((await backend.stats()).queues).toEqual([{ queue: 'q', waiting: 6, held: 0 }]);
      for (let offset = 0; offset < order.length; offset += 1) {
        expect(await backend.list({ state: 'waiting', queue: 'q' }, offset, 2)).toEqual(
          order.slice(offset, offset + 2),
        );
      }
      for (const id of order) {
        expect((await backend.peek('q'))?.id).toBe(id);
        await session.take(worker, id);
      }
      expect(await backend.peek('q')).toBeNull();
      expect(await backend.size('q')).toBe(0);
    });

    it('is kept with the job, and a batch is claimed across all of them', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...[-2, 0, 5, 0, -2, 5, 7].map((priority, at) => prior(`job-${at}`, priority)));
      expect((await backend.find('job-2'))?.job.extras).toEqual({ priority: 5 });
      const claimed = await session.claim(worker, 6);
      expect(claimed.map(({ id }) => id)).toEqual(['job-6', 'job-2', 'job-5', 'job-1', 'job-3', 'job-0']);
      expect(claimed.map(({ extras }) => extras?.priority)).toEqual([7, 5, 5, undefined, undefined, -2]);
      expect(await session.waiting()).toEqual(['job-4']);
    });

    it('orders a queue, and not the queues: these are claimed in the order that is asked for', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(prior('low', -5, { queue: 'first' }), prior('high', 5, { queue: 'second' }));
      const claimed = await session.claim(worker, 2, { queues: ['first', 'second'] });
      expect(claimed.map(({ id }) => id)).toEqual(['low', 'high']);
    });

    it.each([3, -3])('of %i: what is handed back goes to the front of it, and no further', async (priority) => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const [above, below] = [prior('above', priority + 1), prior('below', priority - 1)];
      await session.enqueue(...['a', 'b', 'c'].map((id) => prior(id, priority)));
      const [a, b] = await session.claim(worker, 2);
      if (a === undefined || b === undefined) throw new Error('two should have come up');
      await session.enqueue(above, below);
      await session.exchange(worker, [
        { job: b, outcome: released },
        { job: a, outcome: released },
      ]);
      expect(await session.waiting()).toEqual(['above', 'a', 'b', 'c', 'below']);
      await session.claim(worker, 3);
      await session.vanish(worker);
      expect(await session.waiting()).toEqual(['above', 'a', 'b', 'c', 'below']);
    });

    it.each([3, -3])('of %i: what is tried again goes to the back of it, and no further', async (priority) => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b'].map((id) => prior(id, priority)), prior('below', priority - 1));
      await session.settle(await session.take(worker, 'a'), retry(0));
      await session.passed();
      await backend.promote(10);
      expect(await session.waiting()).toEqual(['b', 'a', 'below']);
      await session.settle(await session.take(worker, 'b'), failed);
      await session.retryFailed('b');
      expect(await session.waiting()).toEqual(['a', 'b', 'below']);
    });

    it('holds for what was scheduled or parked', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(
        prior('parked', 2),
        prior('c', 2),
        prior('scheduled', 2, { due: { at: (await backend.now()) + 1 } }),
      );
      await session.settle(await session.take(worker, 'parked'), { kind: 'parked', reason: 'unknown' });
      await session.enqueue(prior('above', 3), prior('below', 1));
      await session.passed((await backend.now()) + 1);
      await backend.promote(10);
      await backend.unpark(['test'], 10);
      expect(await session.waiting()).toEqual(['above', 'parked', 'c', 'scheduled', 'below']);
    });

    it('does not go before a grant, which its lock has promised', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const lock = { locks: locks(['k', 1]) };
      await session.enqueue(prior('a', 0, lock), prior('b', -1, lock), prior('c', 9, lock));
      const [c] = await session.claim(worker, 3);
      expect(c?.id).toBe('c');
      // Who waits for a key waits by sequence: a priority buys no place of a lock.
      expect(await session.held('k')).toEqual(['a', 'b']);
      await session.enqueue(prior('d', 10));
      if (c !== undefined) await session.settle(c, completed);
      expect(await session.waiting()).toEqual(['a', 'd']);
      const a = await session.take(worker, 'a');
      await session.settle(a, completed);
      expect(await session.waiting()).toEqual(['b', 'd']);
    });

    it('takes its grant along, and its place after that', async () => {
      const { session, backend } = await begin(subject, { grantTimeout: 1 });
      const worker = await session.worker();
      const lock = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', lock), prior('b', 4, lock), newJob('c', { ...lock, queue: 'other' }));
      const b = await session.take(worker, 'b');
      await session.claim(worker, 2, { queues: ['q', 'other'] });
      await session.enqueue(prior('high', 5), prior('low', -5));
      await session.settle(b, completed);
      await session.passed((await backend.now()) + 1);
      // Nobody claims from q: the place passes on, and the job is one of its priority again.
      await backend.passGrants(10);
      expect(await session.waiting()).toEqual(['high', 'a', 'low']);
      expect(await session.waiting('other')).toEqual(['c']);
    });

    it('leaves nothing behind where a job is cancelled, whatever its id was before', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(prior('a', 0), prior('b', 0));
      await session.cancel('a');
      await session.enqueue(prior('a', 5));
      expect(await session.waiting()).toEqual(['a', 'b']);
      expect(await backend.size('q')).toBe(2);
      await session.cancel('a');
      expect(await session.waiting()).toEqual(['b']);
      expect(await backend.size('q')).toBe(1);
      await session.enqueue(prior('a', -5));
      expect(await session.waiting()).toEqual(['b', 'a']);
      expect((await session.claim(worker, 9)).map(({ id }) => id)).toEqual(['b', 'a']);
      expect((await backend.stats()).queues.find(({ queue }) => queue === 'q')?.waiting ?? 0).toBe(0);
    });

    it('has nothing to do with an earlier job of that id, which was cancelled in the list', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(prior('b', 0), prior('a', 0));
      await session.cancel('a');
      await session.enqueue(prior('a', 5));
      expect((await session.claim(worker, 9)).map(({ id }) => id)).toEqual(['a', 'b']);
      expect(await backend.size('q')).toBe(0);
      expect(await session.waiting()).toEqual([]);
    });

    it('is the same for a job whose envelope is full of other things', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const tags = Array.from({ length: 10 }, (_, at) => `${at}`.repeat(128));
      const extras = { priority: 1, tags, deadline: { in: HOUR } };
      await session.enqueue(newJob('a'), newJob('b', { extras, locks: locks(['k', 1], ['l', 2]) }));
      const b = await session.take(worker, 'b');
      expect(b).toMatchObject({ extras, locks: locks(['k', 1], ['l', 2]) });
      await session.settle(b, released);
      expect(await session.waiting()).toEqual(['b', 'a']);
    });

    it.each([1, -1])('of %i: wakes those who wait', async (priority) => {
      const { session, backend } = await begin(subject);
      const waiting = backend.wait(['q'], { timeout: 20_000 });
      await roundTrips(backend);
      await session.enqueue(prior('a', priority));
      expect(await waiting).toBe('woken');
      // Whoever comes now finds it there.
      expect(await backend.wait(['q'], { timeout: 20_000 })).toBe('woken');
    });

    it.each([1, -1])('of %i: who claims and leaves jobs behind wakes the next who waits', async (priority) => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const waits = [1, 2].map(() => backend.wait(['q'], { timeout: 10_000 }));
      await roundTrips(backend);
      await session.enqueue(prior('a', priority), prior('b', priority));
      await Promise.race(waits);
      await session.take(worker, 'a');
      expect(await Promise.all(waits)).toEqual(['woken', 'woken']);
    });

    it('of a thousand jobs: each has its place, in the order of a sort that is stable', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const jobs = Array.from({ length: 1_000 }, (_, at) => ({ id: `job-${at}`, priority: ((at * 7) % 13) - 6 }));
      await session.enqueueAll(jobs.map(({ id, priority }) => prior(id, priority)));
      const order = [...jobs].sort((a, b) => b.priority - a.priority).map(({ id }) => id);
      expect(await session.waiting()).toEqual(order);
      const claimed: string[] = [];
      while (claimed.length < 1_000) claimed.push(...(await session.claim(worker, 300)).map(({ id }) => id));
      expect(claimed).toEqual(order);
    });

    itIfAble(subject, 'damage', 'passes over what is damaged, and buries it', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(prior('high', 1), prior('middle', 0), prior('low', -1), prior('last', -1));
      for (const id of ['high', 'low']) await store.damage(id);
      expect((await backend.peek('q'))?.id).toBe('middle');
      expect((await session.claim(worker, 9)).map(({ id }) => id)).toEqual(['middle', 'last']);
      expect(await backend.size('q')).toBe(0);
    });
  });

  describe('a deadline', () => {
    it('is kept with the job, whose enqueue it counts from by the clock of the backend', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const before = await backend.now();
      await session.enqueue(newJob('a', { extras: { deadline: { in: HOUR } } }));
      const reply = await session.exchange(worker, [], { queues: ['q'], count: 1, locks: 'take' });
      expect(reply.claimed[0]?.extras).toEqual({ deadline: { in: HOUR } });
      expect(reply.now).toBeGreaterThanOrEqual(before);
      expect(reply.now).toBeLessThanOrEqual(await backend.now());
    });

    it.each([
      ['alone', { deadline: { at: 1 } }, undefined],
      ['beside others', { deadline: { in: 1 }, priority: 4, tags: ['t'] }, { priority: 4, tags: ['t'] }],
    ])('%s: goes when an operator has the job tried again', async (_, extras, left) => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      for (const [id, taken] of [
        ['a', []],
        ['b', locks(['k', 1])],
        ['c', null],
      ] as const) {
        await session.enqueue(newJob(id, { extras, locks: taken }));
        await session.settle(await session.take(worker, id), failed);
        await session.retryFailed(id);
        const again = await session.take(worker, id);
        expect(again.extras).toEqual(left);
        expect(again.locks).toEqual(taken);
        await session.settle(again, completed);
      }
      expect((await backend.stats()).counters.successful).toBe(3);
    });
  });
}

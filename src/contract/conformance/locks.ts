import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../core/envelope.ts';
import { GRANT_BUDGET } from '../backend.ts';
import { begin, completed, expectNoHolders, failed, HOUR, locks, newJob, released, retry } from './session.ts';
import type { Subject } from './subject.ts';

const one = (key: string) => ({ locks: locks([key, 1]) });

export function locksSuite(subject: Subject): void {
  describe('locks', () => {
    it('lets at most `concurrency` jobs of a key run, over all queues and workers', async () => {
      const { session, backend } = await begin(subject);
      const [first, second] = [await session.worker(), await session.worker()];
      const two = { locks: locks(['k', 2]) };
      await session.enqueue(newJob('a', two), newJob('b', { ...two, queue: 'other' }), newJob('c', two), newJob('d'));
      const a = await session.take(first, 'a');
      const b = await session.take(second, 'b', 'other');
      expect(await backend.holders('k')).toEqual([
        { id: 'a', token: a.token },
        { id: 'b', token: b.token },
      ]);
      const claim = { queues: ['q'], count: 5, locks: 'take' } as const;
      const { claimed, moves } = await session.exchange(second, [], claim);
      expect(claimed.map(({ id }) => id)).toEqual(['d']);
      expect(moves).toEqual([{ event: 'held', id: 'c', queue: 'q', detail: 'k' }]);
      expect(await backend.find('c')).toMatchObject({ state: 'held', heldFor: 'k' });
    });

    it('grants a place that comes free to the job that was held first, at the front of its own queue', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', one('k')), newJob('b', { ...one('k'), queue: 'other' }), newJob('c', one('k')));
      const a = await session.take(worker, 'a');
      expect(await session.claim(worker, 5, { queues: ['q', 'other'] })).toEqual([]);
      expect(await session.held('k')).toEqual(['b', 'c']);
      await session.enqueue(newJob('d', { queue: 'other' }));
      const { moves } = await session.settle(a, completed);
      expect(moves).toEqual([{ event: 'granted', id: 'b', queue: 'other', detail: 'k' }]);
      expect(await session.waiting('other')).toEqual(['b', 'd']);
      expect(await backend.find('b')).toMatchObject({ state: 'waiting', granted: true });
      expect(await backend.holders('k')).toEqual([{ id: 'b', token: null }]);
      const b = await session.take(worker, 'b', 'other');
      expect(await backend.holders('k')).toEqual([{ id: 'b', token: b.token }]);
    });

    it('wakes nobody who is held for another key', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['x1', 'y1', 'x2', 'y2'].map((id) => newJob(id, one(id.slice(0, 1)))));
      const [x] = await session.claim(worker, 4);
      if (x?.id !== 'x1') throw new Error('x1 should have come up');
      await session.settle(x, completed);
      expect(await session.waiting()).toEqual(['x2']);
      expect(await session.held('y')).toEqual(['y2']);
    });

    for (const outcome of [completed, failed, retry(HOUR), { kind: 'cancelled' } as const]) {
      it(`frees the places of a job that ends as ${outcome.kind}`, async () => {
        const { session } = await begin(subject);
        const worker = await session.worker();
        await session.enqueue(newJob('a', { locks: locks(['k', 1], ['l', 1]) }), newJob('b', one('l')));
        const [a] = await session.claim(worker, 2);
        if (a === undefined) throw new Error('a should have come up');
        await session.settle(a, outcome);
        await session.settle(await session.take(worker, 'b'), completed);
        await expectNoHolders(session, 'k', 'l');
      });
    }

    it('lets no job that comes up overtake those that wait, though there is a place for it', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 2]) }));
      await session.take(worker, 'a');
      await session.enqueue(newJob('b', one('k')), newJob('c', { locks: locks(['k', 2]) }));
      const { moves } = await session.exchange(worker, [], { queues: ['q'], count: 5, locks: 'take' });
      expect(moves.map(({ event, id }) => [event, id])).toEqual([
        ['held', 'b'],
        ['held', 'c'],
        ['granted', 'b'],
      ]);
      expect(await session.held('k')).toEqual(['c']);
    });

    it('runs the jobs of a key in the order in which they were enqueued', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const ids = Array.from({ length: 30 }, (_, index) => `job-${String(index).padStart(2, '0')}`);
      await session.enqueue(...ids.map((id, index) => newJob(id, { ...one('k'), queue: `q${index % 3}` })));
      const ran: string[] = [];
      let running: readonly ClaimedJob[] = [];
      do {
        const claim = { queues: ['q2', 'q0', 'q1'], count: 4, locks: 'take' } as const;
        const settlements = running.map((job) => ({ job, outcome: completed }));
        running = (await session.exchange(worker, settlements, claim)).claimed;
        expect(running.length).toBeLessThanOrEqual(1);
        ran.push(...running.map(({ id }) => id));
      } while (running.length > 0);
      // Whoever was first to come up had no one before it; all others were held, and came in their order.
      expect(ran.slice(1)).toEqual(ids.filter((id) => id !== ran[0]));
      await expectNoHolders(session, 'k');
      expect(await session.claim(worker, 1)).toEqual([]);
    });

    it('puts jobs with grants before all others of their queue, by their sequence', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('x1', one('x')), newJob('y1', one('y')));
      const running = await session.claim(worker, 2);
      await session.enqueue(newJob('y2', one('y')), newJob('x2', one('x')), newJob('z'));
      const [z] = await session.claim(worker, 3);
      if (z === undefined) throw new Error('z should have come up');
      await session.settle(z, released);
      await session.exchange(
        worker,
        running.map((job) => ({ job, outcome: completed })),
      );
      expect(await session.waiting()).toEqual(['y2', 'x2', 'z']);
    });

    it('takes all locks of a job or none, and holds it for the first that is full', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('b1', one('b')), newJob('abc', { locks: locks(['a', 1], ['b', 1], ['c', 1]) }));
      const [b1] = await session.claim(worker, 2);
      expect(await backend.find('abc')).toMatchObject({ state: 'held', heldFor: 'b' });
      expect(await session.holding('a')).toEqual([]);
      await session.enqueue(newJob('c1', one('c')));
      const c1 = await session.take(worker, 'c1');
      if (b1 === undefined) throw new Error('b1 should have come up');
      const { moves } = await session.settle(b1, completed);
      expect(moves).toEqual([]);
      expect(await backend.find('abc')).toMatchObject({ state: 'held', heldFor: 'c' });
      expect(await session.holding('b')).toEqual([]);
      await session.settle(c1, completed);
      const abc = await session.take(worker, 'abc');
      for (const key of ['a', 'b', 'c']) expect(await session.holding(key)).toEqual(['abc']);
      await session.settle(abc, completed);
      await expectNoHolders(session, 'a', 'b', 'c');
    });

    it('grants every place that came free in one step', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const three = { locks: locks(['k', 3]) };
      await session.enqueue(...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => newJob(id, three)));
      const running = await session.claim(worker, 7);
      const { moves } = await session.exchange(
        worker,
        running.map((job) => ({ job, outcome: completed })),
      );
      expect(moves.map(({ id }) => id)).toEqual(['d', 'e', 'f']);
      expect(await session.held('k')).toEqual(['g']);
      expect(await session.holding('k')).toEqual(['d', 'e', 'f']);
    });

    it('looks at no more waiting jobs in one step than it may, and goes on in those that follow', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const heldFor = async (key: string) => (await backend.list({ state: 'held', key }, 0, 10_000)).length;
      await session.enqueue(newJob('a', one('a')), newJob('b', one('b')));
      const [a] = await session.claim(worker, 2);
      if (a?.id !== 'a') throw new Error('a should have come up');
      const both = { locks: locks(['a', 1], ['b', 1]) };
      await session.enqueueAll(Array.from({ length: 2 * GRANT_BUDGET }, (_, index) => newJob(`job-${index}`, both)));
      await session.enqueue(newJob('last', one('a')));
      while ((await session.exchange(worker, [], { queues: ['q'], count: 1, locks: 'take' })).more);
      expect(await heldFor('a')).toBe(2 * GRANT_BUDGET + 1);
      // The place of `a` is of no use to those that need `b` as well: each goes on to wait for that one.
      expect((await session.settle(a, completed)).more).toBe(true);
      expect(await heldFor('b')).toBe(GRANT_BUDGET);
      expect((await backend.passGrants(1)).more).toBe(true);
      expect(await heldFor('b')).toBe(2 * GRANT_BUDGET);
      expect(await session.waiting()).toEqual([]);
      const next = await session.exchange(worker, [], { queues: ['q'], count: 1, locks: 'take' });
      expect(next.claimed.map(({ id }) => id)).toEqual(['last']);
      expect(next.more).toBe(false);
    });

    it('keeps to a limit within one claim, whoever takes the key first', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const both = newJob('both', { locks: locks(['k', 1], ['l', 1]) });
      const [one, other, more] = ['one', 'other', 'more'].map((id) => newJob(id, { locks: locks(['k', 1]) }));
      const [free, plain] = [newJob('free', { locks: locks(['m', 1]) }), newJob('plain')];
      await session.enqueue(
        ...[both, one, free, plain, other, more].flatMap((job) => (job === undefined ? [] : [job])),
      );
      const claimed = await session.claim(worker, 10);
      expect(claimed.map(({ id }) => id)).toEqual(['both', 'free', 'plain']);
      expect(await session.held('k')).toEqual(['one', 'other', 'more']);
      const settlements = claimed.map((job) => ({ job, outcome: completed }));
      const reply = await session.exchange(worker, settlements, { queues: ['q'], count: 10, locks: 'take' });
      expect(reply.settled).toEqual(['settled', 'settled', 'settled']);
      expect(reply.claimed.map(({ id }) => id)).toEqual(['one']);
      expect(await session.holding('k')).toEqual(['one']);
      expect((await backend.stats()).counters.successful).toBe(3);
    });

    it('takes and frees one lock of each of many, and of some that share one', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const jobs = Array.from({ length: 60 }, (_, n) => newJob(`job-${n}`, { locks: locks([`key-${n % 50}`, 1]) }));
      await session.enqueue(...jobs);
      const claim = { queues: ['q'], count: 40, locks: 'take' } as const;
      const first = await session.exchange(worker, [], claim);
      expect(first.claimed.length).toBe(40);
      const settlements = first.claimed.map((job) => ({ job, outcome: completed }));
      const second = await session.exchange(worker, settlements, claim);
      expect(second.settled).toEqual(settlements.map(() => 'settled'));
      expect(second.claimed.map(({ id }) => id)).toEqual(jobs.slice(40).map(({ id }) => id));
      for (const n of [0, 9, 40, 49]) expect((await session.holding(`key-${n}`)).length).toBe(1);
      for (const n of [10, 39]) expect(await session.holding(`key-${n}`)).toEqual([]);
      // A settle of one of these once more is stale, and takes nothing from whoever has the key now.
      const stale = await session.exchange(worker, settlements.slice(0, 3));
      expect(stale.settled).toEqual(['stale', 'stale', 'stale']);
      expect((await session.holding('key-0')).length).toBe(1);
    });

    it('holds one whose only lock another has, or another of the same claim has just taken', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const keyed = (id: string, key: string) => newJob(id, { locks: locks([key, 1]) });
      await session.enqueue(keyed('a', 'k'));
      await session.take(worker, 'a');
      await session.enqueue(keyed('b', 'k'));
      expect(await session.claim(worker, 10)).toEqual([]);
      await session.enqueue(keyed('c', 'l'), keyed('d', 'l'), keyed('e', 'm'));
      expect((await session.claim(worker, 10)).map(({ id }) => id)).toEqual(['c', 'e']);
      expect([await session.held('k'), await session.held('l')]).toEqual([['b'], ['d']]);
      expect([await session.holding('k'), await session.holding('l')]).toEqual([['a'], ['c']]);
    });

    it('gives jobs that need several locks their turn, though each lock is always busy, and none waits for another', async () => {
      const { session } = await begin(subject);
      const keys = ['a', 'b', 'c'];
      const worker = await session.worker();
      // One job of each key runs, and others of the key alone are always there to be next.
      await session.enqueue(...keys.map((key) => newJob(`${key}-0`, one(key))));
      const running = new Map((await session.claim(worker, 3)).map((job) => [job.id[0] ?? '', job]));
      const several = [['a', 'b'], ['b', 'c'], ['a', 'c'], keys];
      const wanted = several.map((needed) =>
        newJob(needed.join('.'), { locks: locks(...needed.map((key) => [key, 1] as const)) }),
      );
      await session.enqueue(...wanted);
      await session.enqueueAll(
        keys.flatMap((key) => Array.from({ length: 60 }, (_, at) => newJob(`${key}-${at + 1}`, one(key)))),
      );
      const ended: string[] = [];
      for (let round = 0; round < 60 && wanted.some(({ id }) => !ended.includes(id)); round += 1) {
        // Never two of them at once: a job that needs both finds the other one taken.
        const key = keys[round % keys.length] ?? '';
        const job = running.get(key);
        if (job !== undefined) {
          for (const [held, holder] of running) if (holder.id === job.id) running.delete(held);
          await session.settle(job, completed);
          ended.push(job.id);
        }
        for (const claimed of await session.claim(worker, 10)) {
          for (const lock of claimed.locks ?? []) running.set(lock.key, claimed);
        }
      }
      expect(ended.filter((id) => id.includes('.')).sort()).toEqual(wanted.map(({ id }) => id).sort());
    });

    it('frees what a job had that is cancelled while it waits for more, and lets those behind it go on', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', one('a')), newJob('b', one('b')));
      let [a, b] = await session.claim(worker, 2);
      await session.enqueue(newJob('both', { locks: locks(['a', 1], ['b', 1]) }));
      await session.enqueueAll(
        ['a', 'b'].flatMap((key) => ['1', '2', '3', '4'].map((at) => newJob(key + at, one(key)))),
      );
      await session.claim(worker, 10);
      for (let round = 0; round < 4 && !(await session.holding('a')).includes('both'); round += 1) {
        if (a === undefined || b === undefined) throw new Error('both keys should be busy');
        await session.settle(a, completed);
        [a] = await session.claim(worker, 1);
        if ((await session.holding('a')).includes('both')) break;
        await session.settle(b, completed);
        [b] = await session.claim(worker, 1);
      }
      expect(await backend.find('both')).toMatchObject({ state: 'held', heldFor: 'b' });
      expect(await session.holding('a')).toEqual(['both']);
      expect(await session.waiting()).toEqual([]);
      const { moves } = await session.cancel('both');
      expect(moves.map(({ event, detail }) => ({ event, detail }))).toEqual([{ event: 'granted', detail: 'a' }]);
    });

    it('keeps thousands of jobs held for one key, and frees them one by one', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueueAll(Array.from({ length: 2_000 }, (_, index) => newJob(`job-${index}`, one('k'))));
      let [running] = await session.claim(worker, 1);
      while ((await session.exchange(worker, [], { queues: ['q'], count: 1, locks: 'take' })).more);
      expect((await backend.stats()).queues).toEqual([{ queue: 'q', waiting: 0, held: 1_999 }]);
      for (let index = 1; index <= 20; index += 1) {
        if (running === undefined) throw new Error('a job should be running');
        const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
        [running] = (await session.exchange(worker, [{ job: running, outcome: completed }], claim)).claimed;
        expect(running?.id).toBe(`job-${index}`);
      }
    });
  });
}

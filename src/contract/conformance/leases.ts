import { describe, expect, it } from 'vitest';
import { MOST_CRASHES } from '../../core/outcome.ts';
import { Caller } from '../call.ts';
import { begin, completed, HOUR, locks, newJob, released } from './session.ts';
import type { Subject } from './subject.ts';

export function leasesSuite(subject: Subject): void {
  describe('leases', () => {
    it('registers a worker until its lease ends, by the clock of the backend', async () => {
      const { backend } = await begin(subject);
      const before = await backend.now();
      await backend.register('w', 5_000);
      const [worker, ...others] = (await backend.stats()).workers;
      expect(others).toEqual([]);
      expect(worker).toMatchObject({ worker: 'w', processing: 0 });
      expect(worker?.leaseEnds).toBeGreaterThanOrEqual(before + 5_000);
      expect(worker?.leaseEnds).toBeLessThanOrEqual((await backend.now()) + 5_000);
    });

    it('tells what a worker takes, until it is gone', async () => {
      const { backend } = await begin(subject);
      const takes = { queues: ['q', 'é'], types: ['test'] };
      await backend.register('w', HOUR, takes);
      await backend.register('v', HOUR);
      expect((await backend.stats()).workers).toMatchObject([
        { worker: 'v', takes: null },
        { worker: 'w', takes },
      ]);
      await backend.retire('w');
      await backend.register('w', HOUR);
      expect((await backend.stats()).workers).toMatchObject([{ worker: 'v' }, { worker: 'w', takes: null }]);
    });

    it('renews a lease from now on', async () => {
      const { backend } = await begin(subject);
      await backend.register('w', 1_000);
      const before = await backend.now();
      expect(await backend.renew('w', HOUR)).toBe(true);
      const [worker] = (await backend.stats()).workers;
      expect(worker?.leaseEnds).toBeGreaterThanOrEqual(before + HOUR);
    });

    it('does not renew a lease that was never there, or is gone', async () => {
      const { backend } = await begin(subject);
      expect(await backend.renew('unknown', HOUR)).toBe(false);
      await backend.register('w', HOUR);
      await backend.retire('w');
      expect(await backend.renew('w', HOUR)).toBe(false);
      expect((await backend.stats()).workers).toEqual([]);
      await backend.retire('unknown');
    });

    it('leaves the jobs of a worker alone until its lease ends', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.take(worker, 'a');
      expect(await backend.reclaim(10)).toEqual({ moves: [], more: false });
      expect((await backend.find('a'))?.state).toBe('processing');
    });

    it('tells with each exchange how many jobs the worker owns', async () => {
      const { session } = await begin(subject);
      const [one, other] = [await session.worker(), await session.worker()];
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id)));
      const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
      const first = await session.exchange(one, [], { ...claim, count: 2 });
      expect(first.owned).toBe(2);
      expect((await session.exchange(other, [], claim)).owned).toBe(1);
      const settlements = first.claimed.map((job) => ({ job, outcome: completed }));
      expect((await session.exchange(one, settlements.slice(0, 1))).owned).toBe(1);
      expect((await session.exchange(one, settlements.slice(1), claim)).owned).toBe(0);
    });

    it('hands back what a worker owns and does not know of, in order and without a crash, and frees its places', async () => {
      const { session, backend } = await begin(subject);
      const [worker, other] = [await session.worker(), await session.worker()];
      const lock = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('other'));
      const [foreign] = await session.claim(other);
      await session.enqueue(newJob('a'), newJob('b'), newJob('c', lock), newJob('d'), newJob('e', lock));
      const [, b] = await session.claim(worker, 4);
      if (b === undefined || foreign === undefined) throw new Error('not claimed');
      // Another's token is not its own.
      const { moves, more } = await session.relinquish(worker, b, foreign);
      expect(more).toBe(false);
      expect(moves.filter(({ event }) => event === 'reclaimed')).toEqual(
        ['d', 'c', 'a'].map((id) => ({ event: 'reclaimed', id, queue: 'q', detail: worker })),
      );
      // The place is free, and goes to the one that has waited longest, which is the one that had it.
      expect(moves.filter(({ event }) => event === 'granted')).toEqual([
        { event: 'granted', id: 'c', queue: 'q', detail: 'k' },
      ]);
      expect((await backend.find('b'))?.owner?.worker).toBe(worker);
      expect((await backend.find('other'))?.owner?.worker).toBe(other);
      expect(await backend.find('a')).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 0 } });
      expect((await session.claim(worker, 5)).map(({ id }) => id)).toEqual(['c', 'a', 'd']);
      const { owned } = await session.exchange(worker, [{ job: b, outcome: completed }]);
      expect(owned).toBe(3);
    });

    it('takes no more back in one step than it may, from however many workers', async () => {
      const { session, backend } = await begin(subject);
      const workers = ['v', 'w', 'x'];
      for (const worker of workers) {
        await backend.register(worker, 1);
        await session.enqueue(newJob(`${worker}-1`), newJob(`${worker}-2`));
        await session.claim(worker, 2);
      }
      await session.passed((await backend.now()) + 1);
      const steps: string[][] = [];
      for (let more = true; more; ) {
        const reply = await backend.reclaim(2);
        steps.push(reply.moves.map(({ id }) => id));
        more = reply.more;
      }
      expect(steps.map(({ length }) => length)).toEqual([2, 2, 2, 0]);
      expect(steps.flat().sort()).toEqual(workers.flatMap((worker) => [`${worker}-1`, `${worker}-2`]));
    });

    it('hands back no more in one step than it may, and in the same order as all at once', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c', 'd', 'e'].map((id) => newJob(id)));
      const claimed = await session.claim(worker, 5);
      const known = claimed.filter(({ id }) => id === 'd').map(({ token }) => token);
      const caller = new Caller('c');
      const step = () => caller.call((call) => backend.relinquish(call, worker, known, 2));
      const [first, second] = [await step(), await step()];
      expect(first.moves.map(({ id }) => id)).toEqual(['e', 'c']);
      expect(second.moves.map(({ id }) => id)).toEqual(['b', 'a']);
      expect([first.more, second.more]).toEqual([true, false]);
      expect(await session.waiting()).toEqual(['a', 'b', 'c', 'e']);
    });

    it('takes the jobs of a worker whose lease has ended back: a crash is counted, and no attempt', async () => {
      const { session, backend } = await begin(subject);
      await backend.register('w', 1);
      await session.enqueue(...['a', 'b', 'c', 'd'].map((id) => newJob(id)));
      await session.claim('w', 3);
      await session.passed((await backend.now()) + 1);
      const { moves, more } = await backend.reclaim(10);
      expect(more).toBe(false);
      expect(moves.map(({ event, id, detail }) => ({ event, id, detail }))).toEqual(
        ['c', 'b', 'a'].map((id) => ({ event: 'reclaimed', id, detail: 'w' })),
      );
      expect(await session.waiting()).toEqual(['a', 'b', 'c', 'd']);
      const view = await backend.find('a');
      expect(view).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 1 }, failures: [] });
      expect(view?.owner).toBeUndefined();
      expect((await backend.stats()).workers).toEqual([]);
    });

    it('takes jobs back while their worker could still renew, if the lease had ended', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.take(worker, 'a');
      await backend.renew(worker, 0);
      await backend.reclaim(10);
      expect(await backend.renew(worker, HOUR)).toBe(false);
    });

    it('refuses what a vanished worker brings later', async () => {
      const { session, backend } = await begin(subject);
      const [dead, alive] = [await session.worker(), await session.worker()];
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }));
      const old = await session.take(dead, 'a');
      await session.vanish(dead);
      expect((await session.settle(old, completed)).settled).toEqual(['stale']);
      const present = await session.take(alive, 'a');
      const late = await session.settle(old, completed);
      expect(late).toMatchObject({ settled: ['stale'], lost: true });
      expect(await session.unlock(old)).toEqual({ freed: 0, moves: [] });
      expect(await backend.holders('k')).toEqual([{ id: 'a', token: present.token }]);
    });

    it('counts crashes in a row, and forgets them when a run ends in any other way', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'));
      for (let crashes = 1; crashes < MOST_CRASHES; crashes += 1) {
        const worker = await session.worker();
        await session.take(worker, 'a');
        await session.vanish(worker);
        expect((await backend.find('a'))?.job).toMatchObject({ crashes, attempts: 0 });
      }
      const worker = await session.worker();
      const job = await session.take(worker, 'a');
      expect(job.crashes).toBe(MOST_CRASHES - 1);
      await session.settle(job, released);
      expect((await backend.find('a'))?.job.crashes).toBe(0);
    });

    it('frees the locks of a vanished worker, and grants them by who has waited longest', async () => {
      const { session } = await begin(subject);
      const [dead, alive] = [await session.worker(), await session.worker()];
      await session.enqueue(newJob('b', { locks: locks(['k', 1]) }));
      await session.take(dead, 'b');
      await session.enqueue(newJob('c', { locks: locks(['k', 1]), queue: 'other' }));
      expect(await session.claim(alive, 1, { queues: ['other'] })).toEqual([]);
      await session.vanish(dead);
      // The job itself was enqueued before all that wait for its lock: it gets its place back.
      expect(await session.waiting()).toEqual(['b']);
      expect(await session.holding('k')).toEqual(['b']);
      expect(await session.held('k')).toEqual(['c']);
    });

    it('lets an older job have the place of a vanished worker’s job', async () => {
      const { session, backend } = await begin(subject);
      const [dead, alive] = [await session.worker(), await session.worker()];
      await session.enqueue(newJob('old', { locks: locks(['k', 1]), queue: 'other' }));
      await session.enqueue(newJob('young', { locks: locks(['k', 1]) }));
      await session.take(dead, 'young');
      expect(await session.claim(alive, 1, { queues: ['other'] })).toEqual([]);
      await backend.retire(dead);
      const { moves } = await backend.reclaim(10);
      expect(moves).toEqual([
        { event: 'reclaimed', id: 'young', queue: 'q', detail: dead },
        { event: 'granted', id: 'old', queue: 'other', detail: 'k' },
      ]);
      expect(await backend.find('young')).toMatchObject({ state: 'held', heldFor: 'k', job: { crashes: 1 } });
      expect(await session.waiting('other')).toEqual(['old']);
    });

    it('takes no more jobs back in one step than it may, and says that there may be more', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const ids = Array.from({ length: 7 }, (_, index) => `job-${index}`);
      await session.enqueue(...ids.map((id) => newJob(id)));
      await session.claim(worker, 7);
      await backend.retire(worker);
      const sizes: number[] = [];
      for (let more = true; more; ) {
        const reply = await backend.reclaim(3);
        sizes.push(reply.moves.length);
        more = reply.more;
      }
      expect(sizes).toEqual([3, 3, 1]);
      expect(await session.waiting()).toEqual(ids);
      expect((await backend.stats()).workers).toEqual([]);
    });

    it('retires a worker: what it still owned is taken back by the next sweep', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.take(worker, 'a');
      await backend.retire(worker);
      expect((await backend.find('a'))?.state).toBe('processing');
      expect((await backend.reclaim(10)).moves.map(({ id }) => id)).toEqual(['a']);
    });
  });
}

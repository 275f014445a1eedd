import { describe, expect, it } from 'vitest';
import { CLAIM_BUDGET } from '../backend.ts';
import { begin, completed, locks, newJob } from './session.ts';
import type { Subject } from './subject.ts';

export function claimSuite(subject: Subject): void {
  describe('exchange: claim', () => {
    it('takes the first job of the queue, as it was enqueued, under a lease', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { type: 'mail', payload: '{"to":"you"}' }), newJob('b'));
      const job = await session.take(worker, 'a');
      expect(job).toMatchObject({ type: 'mail', queue: 'q', payload: '{"to":"you"}', locks: [], attempts: 0, worker });
      expect(job.token).toMatch(/^[1-9][0-9]*$/);
      expect(await backend.find('a')).toMatchObject({ state: 'processing', owner: { worker, token: job.token } });
      expect(await session.waiting()).toEqual(['b']);
      expect(await backend.list({ state: 'processing', worker }, 0, 10)).toEqual(['a']);
    });

    it('takes from the first queue until it is empty, then from the next', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(
        ...['l1', 'l2'].map((id) => newJob(id, { queue: 'low' })),
        ...['h1', 'h2'].map((id) => newJob(id, { queue: 'high' })),
      );
      const queues = ['high', 'none', 'low'];
      const claimed = await session.claim(worker, 3, { queues });
      expect(claimed.map(({ id }) => id)).toEqual(['h1', 'h2', 'l1']);
      await session.enqueue(newJob('h3', { queue: 'high' }));
      const rest = await session.claim(worker, 3, { queues });
      expect(rest.map(({ id }) => id)).toEqual(['h3', 'l2']);
    });

    it('takes no more than it may, and nothing where there is nothing', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'), newJob('c'));
      expect(await session.claim(worker, 0)).toEqual([]);
      expect(await session.claim(worker, 2)).toHaveLength(2);
      expect(await session.claim(worker, 2)).toHaveLength(1);
      const empty = await session.exchange(worker, [], { queues: ['q', 'unknown'], count: 2, locks: 'take' });
      expect(empty).toEqual({
        lost: false,
        settled: [],
        claimed: [],
        moves: [],
        more: false,
        owned: 3,
        now: expect.any(Number),
      });
      expect(await session.claim(worker, 2, { queues: [] })).toEqual([]);
    });

    it('gives every claim a greater token than those before', async () => {
      const { session } = await begin(subject);
      const workers = [await session.worker(), await session.worker()];
      await session.enqueue(...['a', 'b', 'c', 'd'].map((id) => newJob(id)));
      const tokens: number[] = [];
      for (const worker of [...workers, ...workers]) {
        for (const { token } of await session.claim(worker)) tokens.push(Number(token));
      }
      expect(tokens).toHaveLength(4);
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    });

    it('gives no job to two workers that claim at the same time', async () => {
      const { session } = await begin(subject);
      const ids = Array.from({ length: 60 }, (_, index) => `job-${String(index).padStart(2, '0')}`);
      await session.enqueue(...ids.map((id) => newJob(id)));
      const workers = await Promise.all(Array.from({ length: 12 }, () => session.worker()));
      const claims = await Promise.all(workers.map((worker) => session.claim(worker, 5)));
      expect(
        claims
          .flat()
          .map(({ id }) => id)
          .sort(),
      ).toEqual(ids);
    });

    it('gives nothing to a worker without a lease, and says so', async () => {
      const { session } = await begin(subject);
      await session.enqueue(newJob('a'));
      const reply = await session.exchange('nobody', [], { queues: ['q'], count: 1, locks: 'take' });
      expect(reply).toEqual({
        lost: true,
        settled: [],
        claimed: [],
        moves: [],
        more: false,
        owned: 0,
        now: expect.any(Number),
      });
      expect(await session.waiting()).toEqual(['a']);
    });

    it('settles and claims in one step, with the places that came free', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', { locks: locks(['k', 1]) }));
      const [a] = await session.claim(worker, 2);
      if (a === undefined) throw new Error('a should have come up');
      const claim = { queues: ['q'], count: 2, locks: 'take' } as const;
      const reply = await session.exchange(worker, [{ job: a, outcome: completed }], claim);
      expect(reply.settled).toEqual(['settled']);
      expect(reply.moves).toEqual([{ event: 'granted', id: 'b', queue: 'q', detail: 'k' }]);
      expect(reply.claimed.map(({ id }) => id)).toEqual(['b']);
    });

    it('settles even for a worker that has no lease any more', async () => {
      const { session, backend } = await begin(subject);
      const [worker, other] = [await session.worker(), await session.worker()];
      await session.enqueue(newJob('a'), newJob('b'));
      const job = await session.take(worker, 'a');
      await backend.retire(other);
      const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
      const reply = await session.exchange(other, [{ job, outcome: completed }], claim);
      expect(reply).toMatchObject({ lost: true, settled: ['settled'], claimed: [] });
      expect(await backend.find('a')).toBeNull();
    });

    it('looks at a bounded number of jobs in one step, and says that there may be more', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const blocked = Array.from({ length: CLAIM_BUDGET + 20 }, (_, index) => `job-${index}`);
      await session.enqueue(newJob('holder', { locks: locks(['k', 1]) }));
      await session.take(worker, 'holder');
      await session.enqueue(...blocked.map((id) => newJob(id, { locks: locks(['k', 1]) })), newJob('free'));
      const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
      const first = await session.exchange(worker, [], claim);
      expect(first).toMatchObject({ claimed: [], more: true });
      expect(first.moves).toHaveLength(CLAIM_BUDGET + 1);
      const second = await session.exchange(worker, [], claim);
      expect(second.claimed.map(({ id }) => id)).toEqual(['free']);
      expect(await session.held('k')).toEqual(blocked);
      expect(await backend.size('q')).toBe(0);
    });

    it('claims hundreds of jobs in one step', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const ids = Array.from({ length: 1_000 }, (_, index) => `job-${index}`);
      await session.enqueue(...ids.map((id) => newJob(id)));
      const claimed = await session.claim(worker, 1_000);
      expect(claimed.map(({ id }) => id)).toEqual(ids);
      const settlements = claimed.map((job) => ({ job, outcome: completed }));
      const { settled } = await session.exchange(worker, settlements);
      expect(settled.every((result) => result === 'settled')).toBe(true);
      expect((await backend.stats()).counters.successful).toBe(1_000);
    });
  });
}

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Call } from '../call.ts';
import { begin, completed, failed, locks, newJob, retry } from './session.ts';
import type { Subject } from './subject.ts';

/** Calls of one client that were not answered, so that the backend must remember every one of them. */
function client(): () => Call {
  const name = randomUUID();
  let sequence = 0;
  return () => {
    sequence += 1;
    return { client: name, sequence, floor: 1 };
  };
}

export function idempotenceSuite(subject: Subject): void {
  describe('a call that is repeated', () => {
    it('enqueue: enqueues once, and answers as before', async () => {
      const { session, backend } = await begin(subject);
      const call = client()();
      await session.enqueue(newJob('old'));
      const jobs = [newJob('a'), newJob('old'), newJob('b')];
      const reply = await backend.enqueue(call, jobs);
      expect(reply).toEqual({ results: ['enqueued', 'duplicate', 'enqueued'], moves: [] });
      expect(await backend.enqueue(call, jobs)).toEqual(reply);
      expect(await session.waiting()).toEqual(['old', 'a', 'b']);
    });

    it('enqueue: does not bring back a job that has ended in between', async () => {
      const { session, backend } = await begin(subject);
      const call = client()();
      const worker = await session.worker();
      await backend.enqueue(call, [newJob('a')]);
      await session.settle(await session.take(worker, 'a'), completed);
      expect((await backend.enqueue(call, [newJob('a')])).results).toEqual(['enqueued']);
      expect(await backend.find('a')).toBeNull();
    });

    it('exchange: settles once, and answers as before', async () => {
      const { session, backend } = await begin(subject);
      const calls = client();
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const [a, b] = await session.claim(worker, 2);
      if (a === undefined || b === undefined) throw new Error('two jobs should have come up');
      await session.settle(b, completed);
      const settlements = [
        { job: a, outcome: failed },
        { job: b, outcome: failed },
      ];
      const call = calls();
      for (let times = 0; times < 3; times += 1) {
        const reply = await backend.exchange(call, { worker, settlements });
        expect(reply.settled).toEqual(['settled', 'stale']);
      }
      expect(await backend.find('a')).toMatchObject({ state: 'failed', job: { attempts: 1 } });
      expect((await backend.stats()).counters).toEqual({ successful: 1, failed: 1 });
    });

    it('exchange: claims once, and gives the claimed jobs again', async () => {
      const { session, backend } = await begin(subject);
      const call = client()();
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]), payload: '"é"' }), newJob('b'), newJob('c'));
      const request = { worker, settlements: [], claim: { queues: ['q'], count: 2, locks: 'take' } } as const;
      const reply = await backend.exchange(call, request);
      const again = await backend.exchange(call, request);
      expect(reply.claimed.map(({ id }) => id)).toEqual(['a', 'b']);
      expect(again.claimed).toEqual(reply.claimed);
      expect(again.lost).toBe(false);
      expect(await session.waiting()).toEqual(['c']);
      expect(await session.holding('k')).toEqual(['a']);
    });

    it('exchange: an empty claim stays empty, though a job came in between', async () => {
      const { session, backend } = await begin(subject);
      const call = client()();
      const worker = await session.worker();
      const request = { worker, settlements: [], claim: { queues: ['q'], count: 1, locks: 'take' } } as const;
      expect((await backend.exchange(call, request)).claimed).toEqual([]);
      await session.enqueue(newJob('a'));
      expect((await backend.exchange(call, request)).claimed).toEqual([]);
      expect(await session.waiting()).toEqual(['a']);
    });

    it('exchange: knows a call again that has overtaken an earlier one', async () => {
      const { session, backend } = await begin(subject);
      const calls = client();
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'), newJob('c'));
      const request = { worker, settlements: [], claim: { queues: ['q'], count: 1, locks: 'take' } } as const;
      const [earlier, later] = [calls(), calls()];
      const claims = async (call: Call) => (await backend.exchange(call, request)).claimed.map(({ id }) => id);
      expect(await claims(later)).toEqual(['a']);
      expect(await claims(earlier)).toEqual(['b']);
      expect([await claims(later), await claims(earlier)]).toEqual([['a'], ['b']]);
      expect(await session.waiting()).toEqual(['c']);
    });

    it('exchange: gives what the call itself claimed, and nothing of other calls of its worker', async () => {
      const { session, backend } = await begin(subject);
      const calls = client();
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const one = { worker, settlements: [], claim: { queues: ['q'], count: 1, locks: 'take' } } as const;
      const many = { worker, settlements: [], claim: { queues: ['q'], count: 9, locks: 'take' } } as const;
      const [first, second, third] = [calls(), calls(), calls()];
      const ids = async (call: Call, request: typeof one | typeof many) =>
        (await backend.exchange(call, request)).claimed.map(({ id }) => id);
      for (let times = 0; times < 2; times += 1) {
        expect(await ids(first, one)).toEqual(['a']);
        expect(await ids(second, many)).toEqual(['b']);
        expect(await ids(third, many)).toEqual([]);
      }
    });

    it('lock: locks once, and answers as before', async () => {
      const { session, backend } = await begin(subject);
      const calls = client();
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', { locks: locks(['k', 1]) }));
      const [a, b] = await session.claim(worker, 2, { locks: 'later' });
      if (a === undefined || b === undefined) throw new Error('two jobs should have come up');
      const [first, second] = [calls(), calls()];
      for (let times = 0; times < 2; times += 1) {
        expect((await backend.lock(first, a)).state).toBe('locked');
        expect((await backend.lock(second, b)).state).toBe('held');
      }
      expect(await session.held('k')).toEqual(['b']);
      await session.settle(a, completed);
      // The job has its place by now; the old answer is the answer all the same.
      expect((await backend.lock(second, b)).state).toBe('held');
      expect(await session.waiting()).toEqual(['b']);
    });

    it('relinquish: hands back once, and not what was claimed since', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      await session.claim(worker, 2);
      const call = client()();
      expect((await backend.relinquish(call, worker, [], 1)).more).toBe(true);
      expect((await session.claim(worker)).map(({ id }) => id)).toEqual(['b']);
      // That there was more is told again: whoever asks goes on.
      expect((await backend.relinquish(call, worker, [], 1)).more).toBe(true);
      for (const id of ['a', 'b']) expect((await backend.find(id))?.owner?.worker).toBe(worker);
    });

    it('unlock: frees once, and answers as before', async () => {
      const { session, backend } = await begin(subject);
      const calls = client();
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }));
      const a = await session.take(worker, 'a');
      const call = calls();
      expect((await backend.unlock(call, a)).freed).toBe(1);
      expect((await backend.lock(calls(), a)).state).toBe('locked');
      expect((await backend.unlock(call, a)).freed).toBe(1);
      expect(await session.holding('k')).toEqual(['a']);
    });

    it('increment: counts once', async () => {
      const { backend } = await begin(subject);
      const calls = client();
      const call = calls();
      for (let times = 0; times < 3; times += 1) await backend.increment(call, 'successful', 5);
      await backend.increment(calls(), 'successful', 1);
      expect((await backend.stats()).counters.successful).toBe(6);
    });

    it('is known by its client and its number: others with the same number are other calls', async () => {
      const { backend } = await begin(subject);
      await backend.increment(client()(), 'failed', 1);
      await backend.increment(client()(), 'failed', 1);
      expect((await backend.stats()).counters.failed).toBe(2);
    });

    it('is done once, even when it is sent twice at the same time', async () => {
      const { session, backend } = await begin(subject);
      const calls = client();
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const call = calls();
          return [1, 2].map(() => backend.enqueue(call, [newJob(`job-${index}`)]));
        }).flat(),
      );
      expect(new Set(await session.waiting()).size).toBe(20);
      expect(await backend.size('q')).toBe(20);
    });

    it('is remembered while later calls of its client come and go', async () => {
      const { session, backend } = await begin(subject);
      const calls = client();
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const job = await session.take(worker, 'a');
      const call = calls();
      const request = { worker, settlements: [{ job, outcome: retry(0) }] };
      await backend.exchange(call, request);
      for (let later = 0; later < 50; later += 1) await backend.increment(calls(), 'successful', 1);
      await backend.promote(10);
      expect((await backend.exchange(call, request)).settled).toEqual(['settled']);
      expect(await backend.find('a')).toMatchObject({ state: 'waiting', job: { attempts: 1 } });
    });
  });
}

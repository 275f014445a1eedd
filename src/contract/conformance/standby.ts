import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Backend, ExchangeReply, ExchangeRequest, WaitOptions } from '../backend.ts';
import { Caller } from '../call.ts';
import { begin, completed, itIfAble, locks, newJob, roundTrips } from './session.ts';
import type { Subject } from './subject.ts';

/** Longer than any wake-up takes; a test that comes to it has failed. */
const LONG = 20_000;

function request(worker: string, count = 5): ExchangeRequest {
  return { worker, settlements: [], claim: { queues: ['other', 'q'], count, locks: 'take' } };
}

function whenWoken(backend: Backend, asked: ExchangeRequest, options: WaitOptions): Promise<ExchangeReply> {
  return new Caller(randomUUID()).call((call) => backend.exchangeWhenWoken(call, asked, options));
}

const idsOf = ({ claimed }: ExchangeReply): string[] => claimed.map(({ id }) => id);

export function standbySuite(subject: Subject): void {
  describe('exchangeWhenWoken', () => {
    it('claims what comes, as soon as it comes', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const waiting = whenWoken(backend, request(worker), { timeout: LONG });
      await roundTrips(backend);
      await session.enqueue(newJob('a'), newJob('b'));
      const reply = await waiting;
      expect(idsOf(reply)).toEqual(['a', 'b']);
      expect(reply).toMatchObject({ lost: false, settled: [], moves: [], more: false, owned: 2 });
      expect((await backend.find('a'))?.owner).toMatchObject({ worker, token: reply.claimed[0]?.token });
      await session.exchange(
        worker,
        reply.claimed.map((job) => ({ job, outcome: completed })),
      );
      expect((await backend.stats()).counters).toEqual({ successful: 2, failed: 0 });
    });

    it('finds what came just before', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      for (let round = 0; round < 20; round += 1) {
        const id = `job-${round}`;
        // As one does whose own claim has just found nothing.
        expect(await session.claim(worker)).toEqual([]);
        const [reply] = await Promise.all([
          whenWoken(backend, request(worker), { timeout: LONG }),
          session.enqueue(newJob(id)),
        ]);
        expect(idsOf(reply)).toEqual([id]);
      }
    });

    itIfAble(subject, 'reopen', 'claims what comes through another handle', async () => {
      const { session, store } = await begin(subject);
      const worker = await session.worker();
      const other = await store.open();
      const waiting = whenWoken(other, request(worker), { timeout: LONG });
      await roundTrips(other);
      await session.enqueue(newJob('a'));
      expect(idsOf(await waiting)).toEqual(['a']);
    });

    it('takes no more than it asks for, and leaves the rest to the next', async () => {
      const { session, backend } = await begin(subject);
      const [first, second] = [await session.worker(), await session.worker()];
      const waits = [first, second].map((worker) => whenWoken(backend, request(worker, 1), { timeout: LONG }));
      await roundTrips(backend);
      await session.enqueue(newJob('a'), newJob('b'));
      expect((await Promise.all(waits)).flatMap(idsOf).sort()).toEqual(['a', 'b']);
    });

    it('tells how many its worker owns, what it had before included', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.take(worker, 'a');
      const waiting = whenWoken(backend, request(worker), { timeout: LONG });
      await roundTrips(backend);
      await session.enqueue(newJob('b'));
      expect(await waiting).toMatchObject({ claimed: [{ id: 'b' }], more: false, owned: 2 });
    });

    it('claims one that needs locks, and holds one that finds its lock taken', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      for (const id of ['a', 'b']) {
        const waiting = whenWoken(backend, request(worker), { timeout: LONG });
        await roundTrips(backend);
        await session.enqueue(newJob(id, { locks: locks(['k', 1]) }));
        expect(idsOf(await waiting)).toEqual(id === 'a' ? ['a'] : []);
      }
      expect(await session.holding('k')).toEqual(['a']);
      expect((await backend.find('b'))?.state).toBe('held');
    });

    it('claims at the end of its time, and at an abort, whatever there is', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      expect(idsOf(await whenWoken(backend, request(worker), { timeout: 30 }))).toEqual([]);
      const stop = new AbortController();
      const waiting = whenWoken(backend, request(worker), { timeout: LONG, signal: stop.signal });
      await roundTrips(backend);
      const start = performance.now();
      stop.abort();
      expect(idsOf(await waiting)).toEqual([]);
      expect(performance.now() - start).toBeLessThan(1_000);
      await session.enqueue(newJob('a'));
      const aborted = await whenWoken(backend, request(worker), { timeout: LONG, signal: AbortSignal.abort() });
      expect(idsOf(aborted)).toEqual(['a']);
    });

    it('gives a repeat what it gave, and claims nothing more', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const call = new Caller(randomUUID()).open();
      const [reply, again] = [
        await backend.exchangeWhenWoken(call, request(worker, 1), { timeout: LONG }),
        await backend.exchange(call, request(worker, 1)),
      ];
      expect(idsOf(reply)).toEqual(['a']);
      expect(again.claimed).toEqual(reply.claimed);
      expect(await session.waiting()).toEqual(['b']);
    });

    it('tells a worker that has no lease any more, and claims nothing for it', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const waiting = whenWoken(backend, request(worker), { timeout: LONG });
      await roundTrips(backend);
      await session.vanish(worker);
      await session.enqueue(newJob('a'));
      expect(await waiting).toMatchObject({ lost: true, claimed: [], owned: 0 });
      expect(await session.waiting()).toEqual(['a']);
    });

    it('is refused when the backend is closed', async () => {
      const { session, backend } = await begin(subject);
      const waiting = whenWoken(backend, request(await session.worker()), { timeout: LONG });
      await roundTrips(backend);
      const closed = expect(waiting).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' });
      await backend.close();
      await closed;
    });
  });
}

// Somebody who owns nothing has found his queue empty, and waits: a store may count on it that all is as it was, until something happens.

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Backend, ExchangeReply, ExchangeRequest } from '../backend.ts';
import { Caller } from '../call.ts';
import { begin, completed, locks, newJob, type Session } from './session.ts';
import type { Subject } from './subject.ts';

/** What happens while he waits, and what of it his claim of one job then gets. */
const happenings: Readonly<Record<string, readonly [happens: (session: Session) => Promise<unknown>, got: string[]]>> =
  {
    'nothing but jobs': [(session) => session.enqueue(newJob('a'), newJob('b')), ['a']],
    'his queue is paused': [
      async (session) => {
        await session.pause({ queue: 'q' });
        await session.enqueue(newJob('a'));
      },
      [],
    ],
    'the type of a job is paused': [
      async (session) => {
        await session.pause({ type: 'test' });
        await session.enqueue(newJob('a'));
      },
      [],
    ],
    'his queue is limited, and full': [
      async (session) => {
        await session.limitQueue('q', { concurrency: 1 });
        await session.enqueue(newJob('a'), newJob('b'));
        await session.take(await session.worker(), 'a');
      },
      [],
    ],
    'a job comes that is more urgent': [
      (session) => session.enqueue(newJob('a'), newJob('b', { extras: { priority: 5 } })),
      ['b'],
    ],
    'a job gets the place that it waited for': [
      async (session) => {
        const other = await session.worker();
        await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', { locks: locks(['k', 1]) }));
        const first = await session.take(other, 'a');
        expect(await session.claim(other)).toEqual([]);
        await session.enqueue(newJob('c'));
        await session.settle(first, completed);
      },
      ['b'],
    ],
    'a job is cancelled': [
      async (session) => {
        await session.enqueue(newJob('a'), newJob('b'));
        await session.cancel('a');
      },
      ['b'],
    ],
    'another worker comes and goes': [
      async (session) => {
        await session.enqueue(newJob('a'));
        const other = await session.worker();
        await session.take(other, 'a');
        await session.vanish(other);
      },
      ['a'],
    ],
  };

const requestOf = (worker: string, queue = 'q'): ExchangeRequest => ({
  worker,
  settlements: [],
  claim: { queues: [queue], count: 1, locks: 'take' },
});

/** Claims as one does who has waited: at the end of the time, if nothing else has ended the wait. */
function whenWoken(backend: Backend, request: ExchangeRequest): Promise<ExchangeReply> {
  return new Caller(randomUUID()).call((call) => backend.exchangeWhenWoken(call, request, { timeout: 30 }));
}

const idsOf = ({ claimed }: ExchangeReply): string[] => claimed.map(({ id }) => id);

/** A worker whose claim has just found nothing. */
async function calmWorker(session: Session): Promise<string> {
  const worker = await session.worker();
  expect(await session.claim(worker, 5)).toEqual([]);
  return worker;
}

/** One that has just settled all that it had, and said what it will wait for. */
async function settledWorker(session: Session): Promise<string> {
  const worker = await session.worker();
  await session.enqueue(newJob('before'));
  const settlements = [{ job: await session.take(worker, 'before'), outcome: completed }];
  expect(await exchange(session.backend, { worker, settlements, awaited: ['q'] })).toMatchObject({
    ...{ settled: ['settled'], claimed: [], owned: 0, more: false },
  });
  return worker;
}

function exchange(backend: Backend, request: ExchangeRequest): Promise<ExchangeReply> {
  return new Caller(randomUUID()).call((call) => backend.exchange(call, request));
}

const calmers = { 'found nothing': calmWorker, 'settled the last that it had': settledWorker };
const cases = Object.entries(calmers).flatMap(([before, calm]) =>
  Object.entries(happenings).map(([event, [happens, got]]) => ({ before, event, calm, happens, got })),
);

export function calmSuite(subject: Subject): void {
  describe('exchangeWhenWoken, where nothing was to be had before', () => {
    it.each(cases)(
      'of a worker that $before claims as it should after this: $event',
      async ({ calm, happens, got }) => {
        const { session, backend } = await begin(subject);
        const worker = await calm(session);
        await happens(session);
        const reply = await whenWoken(backend, requestOf(worker));
        expect(idsOf(reply)).toEqual(got);
        expect(reply).toMatchObject({ lost: false, owned: got.length });
        for (const job of reply.claimed) expect((await session.settle(job, completed)).settled).toEqual(['settled']);
      },
    );

    it('claims once and again, each time what has come', async () => {
      const { session, backend } = await begin(subject);
      const worker = await calmWorker(session);
      for (const id of ['a', 'b', 'c']) {
        await session.enqueue(newJob(id));
        const { claimed } = await whenWoken(backend, requestOf(worker));
        expect(claimed.map((job) => job.id)).toEqual([id]);
        const settlements = claimed.map((job) => ({ job, outcome: completed }));
        expect(await session.exchange(worker, settlements, requestOf(worker).claim)).toMatchObject({
          claimed: [],
          owned: 0,
        });
      }
    });

    it('gets what came before the last was settled, which is left to it by that', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'), newJob('c'));
      const settlements = [{ job: await session.take(worker, 'a'), outcome: completed }];
      expect(await exchange(backend, { worker, settlements, awaited: ['q'] })).toMatchObject({ claimed: [], owned: 0 });
      expect(idsOf(await whenWoken(backend, requestOf(worker)))).toEqual(['b']);
      expect(await session.waiting()).toEqual(['c']);
    });

    it('claims beside a settling that comes after it, as one that came before it', async () => {
      const { session, backend } = await begin(subject);
      const worker = await calmWorker(session);
      await session.enqueue(newJob('a'));
      const { claimed } = await whenWoken(backend, requestOf(worker));
      await session.enqueue(newJob('b'));
      const caller = new Caller(randomUUID());
      const call = caller.open();
      const next = await backend.exchangeWhenWoken(call, requestOf(worker), { timeout: 30 });
      expect(next).toMatchObject({ claimed: [{ id: 'b' }], owned: 2 });
      const settlements = claimed.map((job) => ({ job, outcome: completed }));
      expect(await exchange(backend, { worker, settlements, awaited: ['q'] })).toMatchObject({ owned: 1 });
      // A repeat is told what it was given.
      expect(await backend.exchange(call, requestOf(worker))).toMatchObject({ claimed: next.claimed });
      for (const job of next.claimed) expect((await session.settle(job, completed)).settled).toEqual(['settled']);
    });

    it('tells somebody who watches that the job is being worked on', async () => {
      const { session, backend } = await begin(subject);
      const worker = await calmWorker(session);
      await session.enqueue(newJob('a'));
      await backend.results.watch('w', [{ id: 'a', every: true }]);
      expect(idsOf(await whenWoken(backend, requestOf(worker)))).toEqual(['a']);
      expect(await backend.results.news('w', { timeout: 20_000 })).toMatchObject(['a']);
    });

    it('tells a worker that its lease has gone meanwhile', async () => {
      const { session, backend } = await begin(subject);
      const worker = await calmWorker(session);
      await session.vanish(worker);
      await session.enqueue(newJob('a'));
      expect(await whenWoken(backend, requestOf(worker))).toMatchObject({ lost: true, claimed: [], owned: 0 });
      expect(await session.waiting()).toEqual(['a']);
    });

    it('tells of what else the worker has claimed meanwhile', async () => {
      const { session, backend } = await begin(subject);
      const worker = await calmWorker(session);
      await session.enqueue(newJob('a'), newJob('b'));
      await session.take(worker, 'a');
      expect(await whenWoken(backend, requestOf(worker))).toMatchObject({ claimed: [{ id: 'b' }], owned: 2 });
    });

    it('looks well at another queue than the one that was empty', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a', { queue: 'other' }));
      await session.enqueue(newJob('b', { queue: 'other', extras: { priority: 5 } }));
      const worker = await calmWorker(session);
      expect(idsOf(await whenWoken(backend, requestOf(worker, 'other')))).toEqual(['b']);
    });

    it('gives a repeat nothing where it gave nothing, though a job came in between', async () => {
      const { session, backend } = await begin(subject);
      const worker = await calmWorker(session);
      const call = new Caller(randomUUID()).open();
      expect(await backend.exchangeWhenWoken(call, requestOf(worker), { timeout: 30 })).toMatchObject({ claimed: [] });
      await session.enqueue(newJob('a'));
      expect(await backend.exchange(call, requestOf(worker))).toMatchObject({ claimed: [] });
      expect(await session.waiting()).toEqual(['a']);
    });

    it('gives a repeat what it gave, and claims nothing more, until another call has claimed', async () => {
      const { session, backend } = await begin(subject);
      const worker = await calmWorker(session);
      const request = requestOf(worker);
      await session.enqueue(newJob('a'), newJob('b'));
      const caller = new Caller(randomUUID());
      const call = caller.open();
      const { claimed } = await backend.exchangeWhenWoken(call, request, { timeout: 30 });
      expect(claimed).toMatchObject([{ id: 'a' }]);
      for (let time = 0; time < 2; time += 1) {
        expect(await backend.exchange(call, request)).toMatchObject({ claimed, owned: 1 });
        expect(await session.waiting()).toEqual(['b']);
      }
      caller.close(call);
      expect(await caller.call((next) => backend.exchange(next, request))).toMatchObject({
        claimed: [{ id: 'b' }],
        owned: 2,
      });
    });
  });
}

import { describe, expect, it } from 'vitest';
import { DUTIES } from '../backend.ts';
import {
  begin,
  completed,
  failed,
  HOUR,
  itIfAble,
  locks,
  newJob,
  rate,
  retry,
  roundTrips,
  Session,
} from './session.ts';
import type { Subject } from './subject.ts';

/** Longer than any call takes; a test that comes to it has failed. */
const LONG = 20_000;
const LEADER = { worker: null, leads: true };
const NOBODY = { worker: null, leads: false };

/** Each way in which a job is put off until it is due. */
const schedulers: Readonly<Record<string, (session: Session) => Promise<() => Promise<unknown>>>> = {
  'a job that is enqueued': async (session) => () => session.enqueue(newJob('a', { due: { in: 5_000 } })),
  'a job that is tried again': async (session) => {
    const worker = await session.worker();
    await session.enqueue(newJob('a'));
    const job = await session.take(worker, 'a');
    return () => session.settle(job, retry(5_000));
  },
  'a job that is put off': async (session) => {
    const worker = await session.worker();
    await session.enqueue(newJob('a'));
    const job = await session.take(worker, 'a');
    return () => session.settle(job, { kind: 'snoozed', due: { in: 5_000 } });
  },
};

/** All that calls the leader, beside jobs that are put off: what happens before, and what calls him. */
const callers: Readonly<Record<string, (session: Session) => Promise<() => Promise<unknown>>>> = {
  ...schedulers,
  'a schedule that is written': async (session) => {
    await session.writeSchedule('waits', { due: 0 });
    return async () => session.writeSchedule('a', { due: (await session.backend.now()) + 5_000 });
  },
  'a worker that retires and leaves jobs': async (session) => {
    const worker = await session.worker();
    await session.enqueue(newJob('a'));
    await session.take(worker, 'a');
    return () => session.backend.retire(worker);
  },
};

export function checkInSuite(subject: Subject): void {
  describe('check-in', () => {
    it('extends the lease of a worker, and says how many jobs it owns', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      await session.claim(worker, 2);
      expect(await session.checkIn({ worker, lease: HOUR })).toMatchObject({ renewed: true, owned: 2 });
      const [found] = (await backend.stats()).workers;
      expect(found?.leaseEnds).toBeGreaterThan((await backend.now()) + HOUR / 2);
      // It is a lease that begins now, and not one that is longer.
      await session.checkIn({ worker, lease: 1 });
      await session.passed((await backend.now()) + 1);
      expect((await backend.reclaim(10)).moves.map(({ id }) => id)).toEqual(['b', 'a']);
      expect(await session.checkIn({ worker })).toMatchObject({ renewed: false, owned: 0 });
      expect((await backend.stats()).workers).toEqual([]);
      expect(await session.checkIn()).toMatchObject({ renewed: false, owned: 0, toCancel: [] });
    });

    it('says whether there is work, as a wait would', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a', { queue: 'b' }));
      const hasWork = async (...queues: string[]) => (await session.checkIn({ queues })).hasWork;
      expect(await hasWork()).toBe(false);
      expect(await hasWork('a', 'c')).toBe(false);
      expect(await hasWork('a', 'b')).toBe(true);
      await session.pause({ queue: 'b' });
      expect(await hasWork('a', 'b')).toBe(false);
      expect(await backend.size('b')).toBe(1);
    });

    it('says who leads, and for how much longer', async () => {
      const { session, backend } = await begin(subject);
      expect(await session.checkIn({ candidate: 'a', leadership: HOUR })).toMatchObject({ leads: true });
      const { leads, left } = await session.checkIn({ candidate: 'b', leadership: 1 });
      expect(leads).toBe(false);
      expect(left).toBeGreaterThan(HOUR / 2);
      expect(left).toBeLessThanOrEqual(HOUR);
      await backend.resign('a');
      expect(await session.lead('b', HOUR)).toBe(true);
    });

    it('has nothing to do in an empty store, and tells only the leader of the duties that are his', async () => {
      const { session } = await begin(subject);
      const nothing = Object.fromEntries(DUTIES.map((duty) => [duty, null]));
      expect((await session.checkIn()).due).toEqual(nothing);
      await session.worker();
      await session.enqueue(newJob('a', { due: { in: HOUR } }));
      await session.writeSchedule('s', { due: 5 });
      expect((await session.checkIn({ candidate: 'other' })).due).toEqual(nothing);
      const { due } = await session.checkIn();
      expect(due).toEqual({ ...nothing, promote: due.promote, fire: 0, reclaim: due.reclaim });
      for (const left of [due.promote, due.reclaim]) {
        expect(left).toBeGreaterThan(HOUR / 2);
        expect(left).toBeLessThanOrEqual(HOUR);
      }
    });

    it('tells in how long each duty has something to do', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('r', { locks: [rate('r', HOUR)] }), newJob('rr', { locks: [rate('r', HOUR)] }));
      await session.enqueue(newJob('a', k), newJob('b', k), newJob('c'));
      const [, a, c] = await session.claim(worker, 10);
      if (a === undefined || c === undefined) throw new Error('they should have come up');
      // The place of a rate, which comes free by time.
      expect((await session.checkIn()).due.promote).toBeGreaterThan(HOUR / 2);
      // The grant that the lock's next job gets.
      expect((await session.checkIn()).due.passGrants).toBeNull();
      await session.settle(a, completed);
      const { passGrants } = (await session.checkIn()).due;
      expect(passGrants).toBeGreaterThan(0);
      // What ends and is kept, by its time and by the number that is.
      expect((await session.checkIn({ keepFailed: { for: HOUR, count: 0 } })).due.expire).toBeNull();
      await session.settle(c, failed);
      const expire = async (time: number | null, count: number | null) =>
        (await session.checkIn({ keepFailed: { for: time, count } })).due.expire;
      expect(await expire(HOUR, null)).toBeGreaterThan(HOUR / 2);
      expect(await expire(HOUR, 1)).toBeGreaterThan(HOUR / 2);
      expect(await expire(null, 1)).toBeNull();
      expect(await expire(HOUR, 0)).toBe(0);
      await backend.expire({ for: null, count: 0 }, 10);
      expect(await expire(HOUR, 0)).toBeNull();
      // A lease that has ended.
      await backend.retire(worker);
      expect((await session.checkIn()).due.reclaim).toBe(0);
    });

    it('tells of completed jobs that were kept for long enough', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const kept = { ...completed, keep: { for: HOUR, count: 1 } };
      for (const id of ['a', 'b']) {
        await session.enqueue(newJob(id));
        await session.settle(await session.take(worker, id), kept);
        const { expire } = (await session.checkIn()).due;
        if (id === 'b') expect(expire).toBe(0);
        else expect(expire).toBeGreaterThan(HOUR / 2);
      }
    });

    it('tells whoever knows their type of parked jobs, unless that is paused', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), { kind: 'parked', reason: 'unknown' });
      const unpark = async (...types: string[]) => (await session.checkIn({ candidate: 'other', types })).due.unpark;
      expect(await unpark('else')).toBeNull();
      expect(await unpark('else', 'test')).toBe(0);
      await session.pause({ type: 'test' });
      expect(await unpark('test')).toBeNull();
      await session.resume({ type: 'test' });
      await backend.unpark(['test'], 10);
      expect(await unpark('test')).toBeNull();
    });
  });

  describe('a call to check in', () => {
    for (const [title, prepare] of Object.entries(callers)) {
      it(`comes to the leader for ${title}, where it is before all that he knows of`, async () => {
        const { session, backend } = await begin(subject);
        await session.enqueue(newJob('late', { due: { in: HOUR } }));
        const act = await prepare(session);
        await backend.waitForCall(LEADER, { timeout: 50 });
        await session.checkIn();
        const called = backend.waitForCall(LEADER, { timeout: LONG });
        await roundTrips(backend);
        await act();
        expect(await called).toBe('woken');
        const { due } = await session.checkIn();
        expect(Math.min(...DUTIES.map((duty) => due[duty] ?? HOUR))).toBeLessThanOrEqual(5_000);
      });
    }

    itIfAble(subject, 'reopen', 'comes from other handles', async () => {
      const { session, store } = await begin(subject);
      const other = new Session(await store.open());
      const worker = await other.worker();
      await session.enqueue(newJob('a'));
      await other.take(worker, 'a');
      await other.checkIn({ worker });
      for (const act of [() => session.enqueue(newJob('soon', { due: { in: 5_000 } })), () => session.cancel('a')]) {
        const called = other.backend.waitForCall({ worker, leads: true }, { timeout: LONG });
        await roundTrips(other.backend);
        await act();
        expect(await called).toBe('woken');
        await other.checkIn({ worker });
      }
    });

    it('is heard by one who begins to wait only afterwards', async () => {
      const { session, backend } = await begin(subject);
      await session.checkIn();
      await session.enqueue(newJob('a', { due: { in: 5_000 } }));
      expect(await backend.waitForCall(LEADER, { timeout: LONG })).toBe('woken');
    });

    it('does not come for good for what is due later, and ends when its time is up or its signal aborts', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('first', { due: { in: 5_000 } }));
      await backend.waitForCall(LEADER, { timeout: 50 });
      await session.checkIn();
      await session.enqueue(newJob('later', { due: { in: HOUR } }));
      // A backend may call for nothing, and then once.
      await backend.waitForCall(LEADER, { timeout: 50 });
      expect(await backend.waitForCall(LEADER, { timeout: 50 })).toBe('timeout');
      const controller = new AbortController();
      const waiting = backend.waitForCall(LEADER, { timeout: LONG, signal: controller.signal });
      controller.abort();
      expect(await waiting).toBe('aborted');
    });

    it('comes to one who would lead when the leader resigns', async () => {
      const { session, backend } = await begin(subject);
      await session.lead('a', HOUR);
      await session.lead('b', HOUR);
      const called = backend.waitForCall(NOBODY, { timeout: LONG });
      await roundTrips(backend);
      await backend.resign('a');
      expect(await called).toBe('woken');
      expect(await session.lead('b', HOUR)).toBe(true);
      // And no more once somebody leads.
      expect(await backend.waitForCall(NOBODY, { timeout: 50 })).toBe('timeout');
    });

    it('comes to workers when a type that was paused may be claimed again', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.pause({ type: 'test' });
      await session.enqueue(newJob('a'));
      await session.claim(worker);
      expect((await backend.find('a'))?.state).toBe('parked');
      await session.checkIn({ worker, types: ['test'] });
      const called = backend.waitForCall({ worker, leads: true }, { timeout: LONG });
      await roundTrips(backend);
      await session.resume({ type: 'test' });
      expect(await called).toBe('woken');
    });
  });
}

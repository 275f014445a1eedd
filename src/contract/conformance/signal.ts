import { describe, expect, it } from 'vitest';
import type { Backend } from '../backend.ts';
import { begin, completed, itIfAble, locks, newJob, released, retry, roundTrips, Session } from './session.ts';
import type { Store, Subject } from './subject.ts';

/** Longer than any wake-up takes; a test that comes to it has failed. */
const LONG = 20_000;

/** Each way in which a job comes up in queue `q`: what happens before somebody waits, and what wakes him. */
const wakers: Readonly<Record<string, (session: Session) => Promise<() => Promise<unknown>>>> = {
  'a job that is enqueued': async (session) => () => session.enqueue(newJob('a')),
  'a job that is promoted': async (session) => {
    const worker = await session.worker();
    await session.enqueue(newJob('a'));
    await session.settle(await session.take(worker, 'a'), retry(0));
    await session.passed();
    return () => session.backend.promote(10);
  },
  'a job that is released': async (session) => {
    const worker = await session.worker();
    await session.enqueue(newJob('a'));
    const job = await session.take(worker, 'a');
    return () => session.settle(job, released);
  },
  'a job that is reclaimed': async (session) => {
    const worker = await session.worker();
    await session.enqueue(newJob('a'));
    await session.take(worker, 'a');
    return () => session.vanish(worker);
  },
  'a job that gets a grant': async (session) => {
    const worker = await session.worker();
    await session.enqueue(...['a', 'b'].map((id) => newJob(id, { locks: locks(['k', 1]) })));
    const [a] = await session.claim(worker, 2);
    if (a === undefined) throw new Error('a should have come up');
    return () => session.settle(a, completed);
  },
  'a job that is unparked': async (session) => {
    const worker = await session.worker();
    await session.enqueue(newJob('a'));
    await session.settle(await session.take(worker, 'a'), { kind: 'parked', reason: 'unknown' });
    return () => session.backend.unpark(['test'], 10);
  },
};

export function signalSuite(subject: Subject): void {
  describe('wait', () => {
    for (const [title, prepare] of Object.entries(wakers)) {
      it(`is woken by ${title}`, async () => {
        const { session, backend } = await begin(subject);
        const act = await prepare(session);
        const waiting = backend.wait(['other', 'q'], { timeout: LONG });
        await roundTrips(backend);
        await act();
        expect(await waiting).toBe('woken');
        expect(await backend.size('q')).toBe(1);
      });

      itIfAble(subject, 'reopen', `is woken by ${title}, through another handle`, async () => {
        const { session, store } = await begin(subject);
        const act = await prepare(session);
        const other = await store.open();
        const waiting = other.wait(['q'], { timeout: LONG });
        await roundTrips(other);
        await act();
        expect(await waiting).toBe('woken');
      });
    }

    it('ends at once where a job waits already, and takes nothing', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'));
      expect(await backend.wait(['q'], { timeout: LONG })).toBe('woken');
      expect(await session.waiting()).toEqual(['a']);
    });

    it('loses no wake-up of a job that came just before', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      for (let round = 0; round < 20; round += 1) {
        const id = `job-${round}`;
        const [wake] = await Promise.all([backend.wait(['q'], { timeout: LONG }), session.enqueue(newJob(id))]);
        expect(wake).toBe('woken');
        await session.settle(await session.take(worker, id), completed);
      }
    });

    it('wakes those who wait for a queue, however many there are, until its jobs are taken', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const ids = ['a', 'b', 'c', 'd'];
      const fetch = async (): Promise<string> => {
        for (;;) {
          const [job] = await session.claim(worker);
          if (job !== undefined) return job.id;
          await backend.wait(['q'], { timeout: LONG });
        }
      };
      const fetched = Promise.all(ids.map(() => fetch()));
      await session.enqueue(...ids.map((id) => newJob(id)));
      expect((await fetched).sort()).toEqual(ids);
    });

    it('ends when its time is up', async () => {
      const { backend } = await begin(subject);
      expect(await backend.wait(['q'], { timeout: 30 })).toBe('timeout');
      expect(await backend.wait([], { timeout: 1 })).toBe('timeout');
    });

    it('is not woken by a job of another queue, nor by one that is scheduled', async () => {
      const { session, backend } = await begin(subject);
      const waiting = backend.wait(['q'], { timeout: 150 });
      await session.enqueue(newJob('a', { queue: 'other' }), newJob('b', { due: { in: LONG } }));
      expect(await waiting).toBe('timeout');
    });

    it('ends within a second when its signal aborts', async () => {
      const { backend } = await begin(subject);
      const stop = new AbortController();
      const waiting = backend.wait(['q'], { timeout: LONG, signal: stop.signal });
      await roundTrips(backend);
      const start = performance.now();
      stop.abort();
      expect(await waiting).toBe('aborted');
      expect(performance.now() - start).toBeLessThan(1_000);
    });

    it('ends at once where its signal has aborted before', async () => {
      const { backend } = await begin(subject);
      expect(await backend.wait(['q'], { timeout: LONG, signal: AbortSignal.abort() })).toBe('aborted');
    });

    it('does not disturb one who waits when another stops waiting', async () => {
      const { session, backend } = await begin(subject);
      const stop = new AbortController();
      const leaving = backend.wait(['q'], { timeout: LONG, signal: stop.signal });
      const staying = backend.wait(['q'], { timeout: LONG });
      await roundTrips(backend);
      stop.abort();
      expect(await leaving).toBe('aborted');
      await session.enqueue(newJob('a'));
      expect(await staying).toBe('woken');
    });

    it('ends when the backend is closed', async () => {
      const { backend } = await begin(subject);
      const waiting = backend.wait(['q'], { timeout: LONG });
      await roundTrips(backend);
      await backend.close();
      expect(await waiting).toBe('aborted');
    });

    itIfAble(subject, 'reopen', 'wakes several handles until all that came is taken', async () => {
      const { session, store } = await begin(subject);
      const handles = await Promise.all([1, 2, 3].map(() => store.open()));
      const fetch = async (handle: Backend): Promise<string> => {
        const own = new Session(handle);
        const worker = await own.worker();
        for (;;) {
          const [job] = await own.claim(worker);
          if (job !== undefined) return job.id;
          await handle.wait(['q'], { timeout: LONG });
        }
      };
      const fetched = Promise.all(handles.map(fetch));
      await session.enqueue(newJob('a'), newJob('b'), newJob('c'));
      expect((await fetched).sort()).toEqual(['a', 'b', 'c']);
    });
  });

  describe('several handles', () => {
    itIfAble(subject, 'reopen', 'see one and the same store', async () => {
      const { session, store } = await begin(subject);
      const other = new Session(await store.open());
      const [mine, theirs] = [await session.worker(), await other.worker()];
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', { locks: locks(['k', 1]) }));
      const a = await other.take(theirs, 'a');
      expect(await session.claim(mine, 5)).toEqual([]);
      await other.settle(a, completed);
      await session.settle(await session.take(mine, 'b'), completed);
      expect((await other.backend.stats()).counters.successful).toBe(2);
    });

    itIfAble(subject, 'reopen', 'give no job to two claimers', async () => {
      const { session, store } = await begin(subject);
      const ids = Array.from({ length: 200 }, (_, index) => `job-${String(index).padStart(3, '0')}`);
      await session.enqueue(...ids.map((id) => newJob(id)));
      const fetchAll = async (store: Store): Promise<string[]> => {
        const own = new Session(await store.open());
        const worker = await own.worker();
        const fetched: string[] = [];
        for (;;) {
          const jobs = await own.claim(worker, 7);
          if (jobs.length === 0) return fetched;
          fetched.push(...jobs.map(({ id }) => id));
        }
      };
      const fetched = await Promise.all([1, 2, 3].map(() => fetchAll(store)));
      expect(fetched.flat().sort()).toEqual(ids);
    });

    itIfAble(subject, 'reopen', 'keep what one wrote when it is closed', async () => {
      const { session, backend, store } = await begin(subject);
      await session.enqueue(newJob('a'), newJob('b', { due: { in: LONG } }));
      await backend.close();
      const again = await store.open();
      expect(await again.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['a']);
      expect(await again.list({ state: 'scheduled' }, 0, 10)).toEqual(['b']);
    });
  });
}

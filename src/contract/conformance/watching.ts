import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../core/envelope.ts';
import { type Backend, MOST_WATCHERS } from '../backend.ts';
import { Caller } from '../call.ts';
import { begin, completed, failed, HOUR, itIfAble, locks, newJob, released, retry, type Session } from './session.ts';
import type { Subject } from './subject.ts';

const LONG = 30_000;
const keep = { for: HOUR, count: null };
const caller = new Caller(randomUUID());

function report(backend: Backend, job: ClaimedJob, progress: string) {
  return caller.call((call) => backend.results.report(call, [{ job, progress }]));
}

/** How a job stands by a look that has somebody told of all that happens to it afterwards. */
async function look(backend: Backend, id: string, every = true, watcher = 'w') {
  const [standing] = await backend.results.watch(watcher, [{ id, every }]);
  return standing;
}

function news(backend: Backend, timeout = LONG, watcher = 'w') {
  return backend.results.news(watcher, { timeout });
}

/** Each way in which something happens to a job that one may want to be told of, and the state in which it then is. */
const happenings: Readonly<Record<string, readonly [state: string, prepare: Prepare]>> = {
  'is claimed': ['processing', async (session, worker) => () => session.take(worker, 'a')],
  'is tried again later': ['scheduled', settling(retry(HOUR))],
  'is put off': ['scheduled', settling({ kind: 'snoozed', due: { in: HOUR } })],
  'is handed back': ['waiting', settling(released)],
  'is parked': ['parked', settling({ kind: 'parked', reason: 'unknown' })],
  'is parked, since its type is paused': [
    'parked',
    async (session, worker) => {
      const target = { type: 'test' };
      await caller.call((call) => session.backend.controls.pause(call, target, { by: null, reason: null }));
      return () => session.claim(worker);
    },
  ],
  completes: ['completed', settling(completed)],
  'completes and is kept': ['completed', settling({ kind: 'completed', keep, result: '[1]' })],
  'fails for good': ['failed', settling(failed)],
  'is cancelled while it runs': ['cancelled', settling({ kind: 'cancelled' })],
  'is damaged': ['dead', settling({ kind: 'dead', reason: 'damaged' })],
  'is cancelled before it runs': ['cancelled', async (session) => () => session.cancel('a')],
  'loses its worker': [
    'waiting',
    async (session, worker) => {
      await session.take(worker, 'a');
      return () => session.vanish(worker);
    },
  ],
  'is to be cancelled, and its worker hands it back': [
    'cancelled',
    async (session, worker) => {
      const job = await session.take(worker, 'a');
      await session.cancel('a');
      return () => session.settle(job, released);
    },
  ],
  'is to be cancelled, and its worker vanishes': [
    'cancelled',
    async (session, worker) => {
      await session.take(worker, 'a');
      await session.cancel('a');
      return () => session.vanish(worker);
    },
  ],
  'is discarded': [
    'discarded',
    async (session, worker) => {
      const job = await session.take(worker, 'a');
      return async () => {
        await session.settle(job, failed);
        await session.discard('a');
      };
    },
  ],
  'is retried by hand': [
    'waiting',
    async (session, worker) => {
      const job = await session.take(worker, 'a');
      await look(session.backend, 'a');
      return async () => {
        await session.settle(job, failed);
        await session.retryFailed('a');
      };
    },
  ],
  'is promoted': [
    'waiting',
    async (session, worker) => {
      await session.settle(await session.take(worker, 'a'), { kind: 'snoozed', due: { at: 1 } });
      return () => session.backend.promote(10);
    },
  ],
  'is unparked': [
    'waiting',
    async (session, worker) => {
      await session.settle(await session.take(worker, 'a'), { kind: 'parked', reason: 'unknown' });
      return () => session.backend.unpark(['test'], 10);
    },
  ],
  'is handed back as a stray': [
    'waiting',
    async (session, worker) => {
      await session.take(worker, 'a');
      return () => session.relinquish(worker);
    },
  ],
};

type Prepare = (session: Session, worker: string) => Promise<() => Promise<unknown>>;

function settling(outcome: Parameters<Session['settle']>[1]): Prepare {
  return async (session, worker) => {
    const job = await session.take(worker, 'a');
    return () => session.settle(job, outcome);
  };
}

const ENDS = ['completed', 'failed', 'cancelled', 'dead', 'discarded'];

export function watchingSuite(subject: Subject): void {
  describe('watch', () => {
    it('shows how jobs stand, those that are not in the books as well', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('failed'), newJob('processing', k), newJob('held', k));
      await session.settle(await session.take(worker, 'failed'), retry(0, 'first'));
      await session.passed();
      await session.claim(worker, 2);
      await session.backend.promote(10);
      await session.settle(await session.take(worker, 'failed'), failed);
      await session.enqueue(newJob('waiting'), newJob('scheduled', { due: { in: HOUR } }));
      const ids = ['waiting', 'unknown', 'scheduled', 'held', 'processing', 'failed'];
      const watches = ids.map((id) => ({ id, every: true }));
      const failure = { name: 'Error', message: 'no luck', attempt: 2, worker, at: expect.any(Number) };
      expect(await backend.results.watch('w', watches)).toEqual([
        { state: 'waiting' },
        null,
        { state: 'scheduled' },
        { state: 'held' },
        { state: 'processing' },
        { state: 'failed', failure },
      ]);
      expect(await backend.results.watch('w', [])).toEqual([]);
    });

    for (const [title, [state, prepare]] of Object.entries(happenings)) {
      it(`has one who waits told that a job ${title}`, async () => {
        const { session, backend } = await begin(subject);
        const worker = await session.worker();
        await session.enqueue(newJob('a'));
        const act = await prepare(session, worker);
        await look(backend, 'a');
        await look(backend, 'a', false, 'v');
        expect(await news(backend, 20)).toEqual([]);
        const waiting = news(backend);
        await act();
        expect(await waiting).toEqual(['a']);
        expect(await look(backend, 'a')).toMatchObject({ state });
        // Of its end, even one is told who wants to know nothing else; it may have ended on the way as well.
        if (ENDS.includes(state)) expect(await news(backend, LONG, 'v')).toEqual(['a']);
        else if (title !== 'is retried by hand') expect(await news(backend, 20, 'v')).toEqual([]);
      });
    }

    it('has one told of a job that is held and gets its lock', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const k = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('first', k), newJob('a', k));
      const first = await session.take(worker, 'first');
      await look(backend, 'a');
      await session.claim(worker);
      expect(await news(backend)).toEqual(['a']);
      expect(await look(backend, 'a')).toEqual({ state: 'held' });
      await session.settle(first, completed);
      expect(await news(backend)).toEqual(['a']);
      expect(await look(backend, 'a')).toEqual({ state: 'waiting' });
    });

    it('has one told that a job was replaced by another of its unique key', async () => {
      const { session, backend } = await begin(subject);
      const extras = { unique: { key: 'u', while: 'until done' } } as const;
      await session.enqueue(newJob('a', { extras }));
      await look(backend, 'a', false);
      await session.enqueue(newJob('b', { extras, onConflict: 'replace' }));
      expect(await news(backend)).toEqual(['a']);
      expect(await look(backend, 'a')).toEqual({ state: 'cancelled' });
    });

    it('has one told of progress, unless only the end is wanted', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const job = await session.take(worker, 'a');
      await look(backend, 'a');
      await look(backend, 'a', false, 'v');
      await report(backend, job, '0.5');
      expect(await news(backend)).toEqual(['a']);
      expect(await look(backend, 'a')).toEqual({ state: 'processing', progress: '0.5' });
      expect(await news(backend, 20, 'v')).toEqual([]);
    });

    it('tells again until one has looked, and then no more', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      await backend.results.watch('w', [
        { id: 'a', every: true },
        { id: 'b', every: true },
      ]);
      await session.claim(worker, 2);
      expect([...(await news(backend))].sort()).toEqual(['a', 'b']);
      expect([...(await news(backend))].sort()).toEqual(['a', 'b']);
      await look(backend, 'a');
      expect(await news(backend)).toEqual(['b']);
      await backend.results.unwatch('w', ['b']);
      // A wake-up may be left over, and then once.
      await news(backend, 20);
      expect(await news(backend, 20)).toEqual([]);
    });

    it('tells nothing of what is watched no more', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await look(backend, 'a');
      await backend.results.unwatch('w', ['a', 'never']);
      await session.settle(await session.take(worker, 'a'), completed);
      expect(await news(backend, 20)).toEqual([]);
      expect(await look(backend, 'a')).toBeNull();
      expect(await backend.results.ended('a')).toBeNull();
    });

    it('shows how a job ended that is gone from the books, and what it was', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const fields = { type: 'mail', payload: '{"to":"é"}', locks: locks(['k', 1]) };
      await session.enqueue(newJob('a', fields));
      await look(backend, 'a');
      expect(await backend.results.ended('a')).toBeNull();
      const job = await session.take(worker, 'a');
      await report(backend, job, '1');
      await session.settle(job, completed);
      expect(await backend.find('a')).toBeNull();
      const gone = { id: 'a', queue: 'q', ...fields, attempts: 0, crashes: 0 };
      const times = { sequence: expect.any(Number), enqueuedAt: expect.any(Number) };
      expect(await backend.results.ended('a')).toEqual({
        ...{ job: { ...gone, ...times }, state: 'completed', failures: [], progress: '1' },
      });
      // A new one of the same id is another job.
      await session.enqueue(newJob('a'));
      expect(await look(backend, 'a')).toEqual({ state: 'waiting' });
      expect(await backend.results.ended('a')).toBeNull();
    });

    itIfAble(subject, 'damage', 'shows one that is damaged, and that it went to the dead letters', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }));
      await store.damage('a');
      expect(await look(backend, 'a')).toMatchObject({ state: expect.any(String) });
      expect(await session.claim(worker, 1)).toEqual([]);
      expect(await news(backend)).toEqual(['a']);
      expect(await look(backend, 'a')).toEqual({ state: 'dead' });
    });

    it('of a job that is yet to come has one told of its end, however soon that is', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      expect(await look(backend, 'a', false)).toBeNull();
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), completed);
      expect(await news(backend)).toEqual(['a']);
      expect(await look(backend, 'a')).toEqual({ state: 'completed' });
    });

    it('tells several, and no more than it can in one step', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const watchers = Array.from({ length: MOST_WATCHERS + 1 }, (_, index) => `w${index}`);
      for (const watcher of watchers) await look(backend, 'a', true, watcher);
      await session.take(worker, 'a');
      const told = await Promise.all(watchers.slice(0, -1).map((watcher) => news(backend, LONG, watcher)));
      expect(told.every(([id]) => id === 'a')).toBe(true);
      expect(await news(backend, 20, `w${MOST_WATCHERS}`)).toEqual([]);
      // Whoever is told already stays so.
      expect(await look(backend, 'a', true, 'w0')).toEqual({ state: 'processing' });
      await session.cancel('a');
    });

    it('tells of many jobs by one wait, in parts', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const ids = Array.from({ length: 250 }, (_, index) => `job-${index}`);
      await session.enqueue(...ids.map((id) => newJob(id)));
      const watch = (some: readonly string[]) =>
        backend.results.watch(
          'w',
          some.map((id) => ({ id, every: false })),
        );
      for (let at = 0; at < ids.length; at += 100) await watch(ids.slice(at, at + 100));
      const jobs = await session.claim(worker, 250);
      await session.exchange(
        worker,
        jobs.map((job) => ({ job, outcome: completed })),
      );
      const seen = new Set<string>();
      while (seen.size < ids.length) {
        const told = await news(backend);
        expect(told.length).toBeGreaterThan(0);
        expect(told.length).toBeLessThanOrEqual(100);
        expect((await watch(told)).every((standing) => standing?.state === 'completed')).toBe(true);
        for (const id of told) seen.add(id);
      }
      expect([...seen].sort()).toEqual([...ids].sort());
    });
  });

  describe('news', () => {
    it('ends when its time is up, when its signal aborts, and when the backend is closed', async () => {
      const { backend } = await begin(subject);
      expect(await news(backend, 20)).toEqual([]);
      const stop = new AbortController();
      const waiting = backend.results.news('w', { timeout: LONG, signal: stop.signal });
      await backend.now();
      stop.abort();
      expect(await waiting).toEqual([]);
      expect(await backend.results.news('w', { timeout: LONG, signal: stop.signal })).toEqual([]);
      const last = news(backend);
      await backend.now();
      await backend.close();
      await last.then(
        (ids) => expect(ids).toEqual([]),
        (error) => expect(error).toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' }),
      );
    });

    it('is lost at no moment', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      for (let round = 0; round < 20; round += 1) {
        await session.enqueue(newJob('a'));
        const job = await session.take(worker, 'a');
        await look(backend, 'a', false);
        const [told] = await Promise.all([news(backend), session.settle(job, completed)]);
        // One that was left over may have woken it for nothing.
        expect(told.length === 1 ? told : await news(backend)).toEqual(['a']);
        expect(await look(backend, 'a')).toEqual({ state: 'completed' });
      }
    });

    itIfAble(subject, 'reopen', 'comes from what another handle does', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      const other = await store.open();
      await session.enqueue(newJob('a'));
      await look(other, 'a');
      const waiting = news(other);
      await other.now();
      const job = await session.take(worker, 'a');
      expect(await waiting).toEqual(['a']);
      expect(await look(other, 'a')).toEqual({ state: 'processing' });
      const end = news(other);
      await session.settle(job, { kind: 'completed', keep, result: '7' });
      expect((await end).length === 1 ? await end : await news(other)).toEqual(['a']);
      expect(await look(other, 'a')).toEqual({ state: 'completed', result: '7' });
      expect(await backend.results.ended('a')).toBeNull();
    });
  });
}

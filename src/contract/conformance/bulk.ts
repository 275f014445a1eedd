import { describe, expect, it } from 'vitest';
import type { JobFilter } from '../../core/filter.ts';
import type { Backend } from '../backend.ts';
import { begin, completed, expectNoHolders, failed, HOUR, itIfAble, locks, newJob } from './session.ts';
import type { Subject } from './subject.ts';

/** All that a walk finds, each once, in the order of ids. */
/** @param limit of a page: on a server with the jobs of many others, small ones are many */
async function walk(backend: Backend, filter: JobFilter, limit = 2): Promise<string[]> {
  const found = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Backend['bulk']['browse']>> = await backend.bulk.browse(filter, cursor, limit);
    for (const id of page.ids) found.add(id);
    cursor = page.cursor;
  } while (cursor !== null);
  return [...found].sort();
}

export function bulkSuite(subject: Subject): void {
  describe('browse', () => {
    it('finds what fits, by all that is given', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(
        newJob('a', { type: 't1', queue: 'q1', locks: locks(['k1', 1]) }),
        newJob('b', { type: 't2', queue: 'q1', locks: locks(['k1', 1], ['k2', 2]), extras: { tags: ['x', 'y'] } }),
        newJob('c', { type: 't1', queue: 'q2', extras: { tags: ['y'], priority: 5 } }),
        newJob('d', { type: 't1', queue: 'q2', locks: null, extras: { priority: -5 } }),
      );
      expect(await walk(backend, { type: 't1' })).toEqual(['a', 'c', 'd']);
      expect(await walk(backend, { queue: 'q1' })).toEqual(['a', 'b']);
      expect(await walk(backend, { lock: 'k1' })).toEqual(['a', 'b']);
      expect(await walk(backend, { lock: 'k2' })).toEqual(['b']);
      expect(await walk(backend, { tag: 'y' })).toEqual(['b', 'c']);
      expect(await walk(backend, { type: 't1', tag: 'y' })).toEqual(['c']);
      expect(await walk(backend, { type: 't1', queue: 'q1', lock: 'k1', tag: 'y' })).toEqual([]);
      expect(await walk(backend, {})).toEqual(['a', 'b', 'c', 'd']);
    });

    it('takes names as they are: no pattern, and no part of one', async () => {
      const { session, backend } = await begin(subject);
      const names = ['*', 'a*', 'ab', '%', "'", 'é"\\', '?'];
      for (const [at, name] of names.entries()) {
        const job = { type: name, queue: name, locks: locks([name, 1]), extras: { tags: [name] } };
        await session.enqueue(newJob(`job-${at}`, job));
      }
      for (const [at, name] of names.entries()) {
        for (const filter of [{ type: name }, { queue: name }, { lock: name }, { tag: name }]) {
          expect(await walk(backend, filter, 100)).toEqual([`job-${at}`]);
        }
      }
    });

    it('finds jobs in every state', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const lock = { locks: locks(['k', 1]) };
      const states = ['completed', 'failed', 'held', 'parked', 'processing', 'scheduled', 'waiting'];
      for (const id of ['completed', 'failed', 'parked']) await session.enqueue(newJob(id));
      const [done, lost, unknown] = await session.claim(worker, 3);
      if (done === undefined || lost === undefined || unknown === undefined) throw new Error('all should have come up');
      await session.settle(done, { ...completed, keep: { for: HOUR, count: null } });
      await session.settle(lost, failed);
      await session.settle(unknown, { kind: 'parked', reason: 'unknown' });
      await session.enqueue(newJob('processing', lock), newJob('held', lock));
      await session.claim(worker, 2);
      await session.enqueue(newJob('scheduled', { due: { in: HOUR } }), newJob('waiting'));
      for (const state of states) expect((await backend.find(state))?.state).toBe(state);
      expect(await walk(backend, { queue: 'q' }, 100)).toEqual(states);
    });

    it('finds all of many that were there at first, in bounded pages, while others come and go', async () => {
      const { session, backend } = await begin(subject);
      const wanted = Array.from({ length: 400 }, (_, at) => newJob(`in-${at}`, { extras: { tags: ['in'] } }));
      const others = Array.from({ length: 400 }, (_, at) => newJob(`out-${at}`));
      await session.enqueueAll(wanted.flatMap((job, at) => [job, ...others.slice(at, at + 1)]));
      const found = new Set<string>();
      const gone = new Set<string>();
      let cursor: string | null = null;
      let pages = 0;
      do {
        const page: Awaited<ReturnType<Backend['bulk']['browse']>> = await backend.bulk.browse(
          { tag: 'in' },
          cursor,
          50,
        );
        // Some more than were asked for may be found at once.
        expect(page.ids.length).toBeLessThanOrEqual(150);
        for (const id of page.ids) found.add(id);
        cursor = page.cursor;
        pages += 1;
        await session.enqueue(newJob(`late-${pages}`, { extras: { tags: ['in'] } }));
        const victim = `in-${(pages * 7) % 400}`;
        if ((await session.cancel(victim)).result === 'cancelled') gone.add(victim);
        // A store may walk by the keys of others as well.
        expect(pages, 'a walk ends though jobs come as fast as it goes on').toBeLessThan(5_000);
      } while (cursor !== null);
      expect(wanted.map(({ id }) => id).filter((id) => !found.has(id) && !gone.has(id))).toEqual([]);
      expect([...found].filter((id) => id.startsWith('out'))).toEqual([]);
    });

    itIfAble(subject, 'damage', 'passes over what is damaged', async () => {
      const { session, backend, store } = await begin(subject);
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', { locks: locks(['k', 1]) }));
      await store.damage('a');
      expect(await walk(backend, { lock: 'k' })).toEqual(['b']);
    });

    itIfAble(subject, 'pushRaw', 'finds what another program has enqueued, once a claim has seen it', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await store.pushRaw('q', JSON.stringify({ ID: 'foreign', TypeName: 'theirs', Job: { text: 'x'.repeat(2_000) } }));
      await session.take(worker, 'foreign');
      expect(await walk(backend, { type: 'theirs' })).toEqual(['foreign']);
    });

    it('reads no payload to find a job, however large it is', async () => {
      const { session, backend } = await begin(subject);
      const tags = ['t'.repeat(128), '☃'.repeat(128)];
      const payload = JSON.stringify('x'.repeat(300_000));
      await session.enqueue(newJob('a', { payload, extras: { tags }, locks: locks(['k'.repeat(512), 1]) }));
      for (const tag of tags) expect(await walk(backend, { tag })).toEqual(['a']);
    });

    it('is refused by a closed backend', async () => {
      const { backend } = await begin(subject);
      await backend.close();
      const browsing = backend.bulk.browse({ type: 't' }, null, 1);
      await expect(browsing).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' });
    });
  });

  describe('cancel of many', () => {
    it('does with each what a cancel does, and says so for each', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const lock = { locks: locks(['k', 1]) };
      await session.enqueue(newJob('failed'));
      await session.settle(await session.take(worker, 'failed'), failed);
      await session.enqueue(newJob('runs', lock), newJob('held', lock), newJob('next', lock));
      const [runs] = await session.claim(worker, 3);
      await session.enqueue(newJob('waits'), newJob('later', { due: { in: HOUR } }), newJob('stays'));
      const ids = ['runs', 'none', 'held', 'waits', 'later', 'failed', 'waits'];
      const reply = await session.cancelAll(...ids);
      expect(reply).toEqual({
        results: ['asked', 'unknown', 'cancelled', 'cancelled', 'cancelled', 'failed', 'unknown'],
        moves: [],
      });
      expect(await session.waiting()).toEqual(['stays']);
      expect(await session.held('k')).toEqual(['next']);
      expect(await session.toCancel(worker)).toEqual([runs?.token]);
    });

    it('grants the places that come free to those who are left', async () => {
      const { session, backend } = await begin(subject, { grantTimeout: HOUR });
      const worker = await session.worker();
      const lock = { locks: locks(['k', 1]) };
      await session.enqueue(...['a', 'b', 'c', 'd'].map((id) => newJob(id, lock)));
      const a = await session.take(worker, 'a');
      await session.claim(worker, 3);
      await session.settle(a, completed);
      expect(await session.holding('k')).toEqual(['b']);
      const { moves } = await session.cancelAll('b', 'c');
      expect(moves.map(({ event, id }) => `${event} ${id}`)).toEqual(['granted c', 'granted d']);
      expect(await session.waiting()).toEqual(['d']);
      await session.cancelAll('d');
      await expectNoHolders(session, 'k');
      expect((await backend.stats()).queues.filter(({ waiting, held }) => waiting + held > 0)).toEqual([]);
    });

    it('is done once, however often the call is repeated', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(newJob('a'), newJob('b'));
      const call = { client: 'bulk', sequence: 1, floor: 1 };
      const { results } = await backend.bulk.cancel(call, ['a', 'b', 'none']);
      expect(results).toEqual(['cancelled', 'cancelled', 'unknown']);
      await session.enqueue(newJob('a'));
      expect((await backend.bulk.cancel(call, ['a', 'b', 'none'])).results).toEqual(results);
      expect(await session.waiting()).toEqual(['a']);
    });

    it('does nothing for no ids', async () => {
      const { session } = await begin(subject);
      expect(await session.cancelAll()).toEqual({ results: [], moves: [] });
    });
  });
}

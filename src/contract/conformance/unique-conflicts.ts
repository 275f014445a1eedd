import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../core/outcome.ts';
import { Caller } from '../call.ts';
import { begin, completed, failed, HOUR, itIfAble, locks, newJob, released, retry } from './session.ts';
import type { Subject } from './subject.ts';
import { kept, uniqueJob } from './unique.ts';

const replaced = (id: string, queue = 'q') => ({ outcome: 'replaced', id, queue }) as const;
const extended = (id: string) => ({ outcome: 'extended', id, queue: 'q' }) as const;
const rejected = (id: string) => ({ outcome: 'rejected', id, queue: 'q' }) as const;
const replacing = { onConflict: 'replace' } as const;
const extending = { onConflict: 'extend' } as const;
const lock = { locks: locks(['l', 1]) };

export function uniqueConflictsSuite(subject: Subject): void {
  describe('a job that replaces', () => {
    it('comes in the stead of one that waits, at the back', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(uniqueJob('a', { queue: 'old' }), newJob('x'));
      expect(await session.enqueueReply(uniqueJob('b', replacing))).toEqual({
        results: [replaced('a', 'old')],
        moves: [],
      });
      expect(await backend.find('a')).toBeNull();
      expect(await session.waiting('old')).toEqual([]);
      expect(await session.waiting()).toEqual(['x', 'b']);
      expect(await backend.uniqueKeys.standing('test', 'k')).toEqual({ id: 'b', queue: 'q' });
    });

    it('comes in the stead of one that is scheduled: debounce, with the newest input', async () => {
      const { session, backend } = await begin(subject);
      for (const id of ['a', 'b', 'c']) {
        await session.enqueue(uniqueJob(id, { ...replacing, state: 'waiting', due: { in: HOUR } }));
      }
      expect(await backend.list({ state: 'scheduled' }, 0, 10)).toEqual(['c']);
      expect((await backend.stats()).scheduled).toBe(1);
    });

    it('comes in the stead of one that is held: the next gets the place in its stead', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('holder', lock), uniqueJob('a', lock), newJob('c', lock));
      const [holder] = await session.claim(worker, 3);
      if (holder === undefined) throw new Error('the holder should have come up');
      expect(await session.enqueue(uniqueJob('b', replacing))).toEqual([replaced('a')]);
      expect(await session.held('l')).toEqual(['c']);
      await session.settle(holder, completed);
      expect(await session.waiting()).toEqual(['c', 'b']);
    });

    it('comes in the stead of one with a grant, and its places are granted to the next', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('holder', lock), uniqueJob('a', lock), newJob('c', lock));
      const [holder] = await session.claim(worker, 3);
      if (holder === undefined) throw new Error('the holder should have come up');
      await session.settle(holder, completed);
      expect(await session.holding('l')).toEqual(['a']);
      expect(await session.enqueueReply(uniqueJob('b', { ...replacing, ...lock }))).toEqual({
        results: [replaced('a')],
        moves: [{ event: 'granted', id: 'c', queue: 'q', detail: 'l' }],
      });
      expect(await session.holding('l')).toEqual(['c']);
      expect(await session.waiting()).toEqual(['c', 'b']);
    });

    const goesOn: readonly Outcome[] = [retry(HOUR), released, { kind: 'parked', reason: 'unknown' }];

    it.each(goesOn)('comes in the stead of one that has run and goes on later: $kind', async (outcome) => {
      const { session, backend } = await begin(subject);
      await session.enqueue(uniqueJob('a'));
      await session.settle(await session.take(await session.worker(), 'a'), outcome);
      expect(await session.enqueue(uniqueJob('b', replacing))).toEqual([replaced('a')]);
      expect(await backend.find('a')).toBeNull();
      expect(await session.waiting()).toEqual(['b']);
      expect(await backend.stats()).toMatchObject({ scheduled: 0, parked: 0 });
    });

    it('leaves one alone that runs, and is told so', async () => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a'));
      const a = await session.take(await session.worker(), 'a');
      expect(await session.enqueue(uniqueJob('b', replacing))).toEqual([kept('a')]);
      expect((await session.settle(a, completed)).settled).toEqual(['settled']);
      expect(await session.waiting()).toEqual([]);
    });

    it.each([completed, { kind: 'completed', keep: { for: HOUR, count: null } } as const, failed])(
      'leaves one alone that has ended with its key taken for longer: %j',
      async (outcome) => {
        const { session, backend } = await begin(subject);
        await session.enqueue(uniqueJob('a', { state: HOUR }));
        await session.settle(await session.take(await session.worker(), 'a'), outcome);
        const view = await backend.find('a');
        expect(await session.enqueue(uniqueJob('b', { ...replacing, state: HOUR }))).toEqual([kept('a')]);
        expect(await backend.find('a')).toEqual(view);
      },
    );

    it('leaves a later job of the same id alone', async () => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a', { state: HOUR }));
      await session.settle(await session.take(await session.worker(), 'a'), completed);
      await session.enqueue(newJob('a', { due: { in: HOUR } }));
      expect(await session.enqueue(uniqueJob('b', replacing))).toEqual([kept('a')]);
      expect(await session.enqueue(uniqueJob('b', { ...extending, due: { in: 2 * HOUR } }))).toEqual([kept('a')]);
      expect((await session.backend.find('a'))?.due).toBeLessThan((await session.backend.now()) + 2 * HOUR);
    });

    it('takes the key by its own rule', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(uniqueJob('a', { state: HOUR }));
      await session.enqueue(uniqueJob('b', { ...replacing, state: 'waiting' }));
      expect(await backend.uniqueKeys.standing('test', 'k')).toEqual({ id: 'b', queue: 'q' });
      await session.take(await session.worker(), 'b');
      expect(await backend.uniqueKeys.standing('test', 'k')).toBeNull();
    });
  });

  describe('a job that extends', () => {
    it('puts off one that is scheduled, and never makes it sooner: debounce, with the first input', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(uniqueJob('a', { due: { in: HOUR } }));
      expect(await session.enqueue(uniqueJob('b', { ...extending, due: { in: 2 * HOUR } }))).toEqual([extended('a')]);
      const due = (await backend.find('a'))?.due;
      expect(due).toBeGreaterThan((await backend.now()) + HOUR);
      expect(await session.enqueue(uniqueJob('c', { ...extending, due: { in: HOUR } }))).toEqual([kept('a')]);
      expect(await session.enqueue(uniqueJob('d', extending))).toEqual([kept('a')]);
      expect((await backend.find('a'))?.due).toBe(due);
      expect(await backend.list({ state: 'scheduled' }, 0, 10)).toEqual(['a']);
    });

    it('is promoted when the later time has come', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(uniqueJob('a', { due: { in: 1 } }));
      await session.enqueue(uniqueJob('b', { ...extending, due: { in: 800 } }));
      const due = (await backend.find('a'))?.due ?? 0;
      await session.passed(due - 700);
      expect((await backend.promote(10)).moves).toEqual([]);
      await session.passed(due);
      expect((await backend.promote(10)).moves).toEqual([{ event: 'promoted', id: 'a', queue: 'q' }]);
    });

    it('leaves one alone that waits or runs', async () => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a'));
      const later = { ...extending, due: { in: HOUR } };
      expect(await session.enqueue(uniqueJob('b', later))).toEqual([kept('a')]);
      await session.take(await session.worker(), 'a');
      expect(await session.enqueue(uniqueJob('b', later))).toEqual([kept('a')]);
    });

    it('has a time that the key is taken start anew, though the job is gone', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(uniqueJob('a', { state: HOUR }));
      await session.settle(await session.take(await session.worker(), 'a'), completed);
      const until = (await backend.uniqueKeys.standing('test', 'k'))?.until ?? 0;
      await session.passed();
      expect(await session.enqueue(uniqueJob('b', { ...extending, state: HOUR }))).toEqual([extended('a')]);
      expect((await backend.uniqueKeys.standing('test', 'k'))?.until).toBeGreaterThan(until);
      expect(await session.enqueue(uniqueJob('c', { ...extending, state: 1 }))).toEqual([kept('a')]);
      expect(await session.enqueue(uniqueJob('d', extending))).toEqual([kept('a')]);
    });
  });

  describe('a job that asks to be rejected', () => {
    it('changes nothing, and the others of its call are enqueued', async () => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a'));
      const results = await session.enqueue(newJob('x'), uniqueJob('b', { onConflict: 'reject' }), newJob('y'));
      expect(results).toEqual(['enqueued', rejected('a'), 'enqueued']);
      expect(await session.waiting()).toEqual(['a', 'x', 'y']);
    });
  });

  describe('a call with unique jobs that is repeated', () => {
    it('answers as before, and changes nothing', async () => {
      const { session, backend } = await begin(subject);
      const later = { due: { in: HOUR } };
      await session.enqueue(uniqueJob('a', later), uniqueJob('o', { ...later, key: 'o' }));
      const jobs = [
        uniqueJob('b', replacing),
        uniqueJob('c'),
        uniqueJob('d', { onConflict: 'reject' }),
        uniqueJob('e', { ...extending, key: 'o', due: { in: 2 * HOUR } }),
        newJob('x'),
        newJob('o'),
      ];
      const call = { client: randomUUID(), sequence: 1, floor: 1 };
      const { results } = await backend.enqueue(call, jobs);
      expect(results).toEqual([replaced('a'), kept('b'), rejected('b'), extended('o'), 'enqueued', 'duplicate']);
      await session.settle(await session.take(await session.worker(), 'b'), completed);
      await session.enqueue(uniqueJob('f'));
      const due = (await backend.find('o'))?.due;
      await session.passed();
      expect((await backend.enqueue(call, jobs)).results).toEqual(results);
      expect(await session.waiting()).toEqual(['x', 'f']);
      expect((await backend.find('o'))?.due).toBe(due);
    });
  });

  describe('many that want a key at once', () => {
    itIfAble(subject, 'reopen', 'one gets it, and the others are told which, over several handles', async () => {
      const { store } = await begin(subject);
      const handles = await Promise.all(Array.from({ length: 4 }, () => store.open()));
      const callers = handles.map((backend) => ({ backend, caller: new Caller(randomUUID()) }));
      const rounds = Array.from({ length: 10 }, (_, round) => `round-${round}`);
      await Promise.all(
        rounds.map(async (key) => {
          const results = await Promise.all(
            callers.map(({ backend, caller }, at) =>
              caller.call((call) => backend.enqueue(call, [uniqueJob(`${key}-${at}`, { key })])),
            ),
          );
          const all = results.flatMap((reply) => reply.results);
          const winner = `${key}-${all.indexOf('enqueued')}`;
          expect(all.filter((result) => result === 'enqueued')).toHaveLength(1);
          expect(all.filter((result) => result !== 'enqueued')).toEqual([kept(winner), kept(winner), kept(winner)]);
        }),
      );
      expect(await handles[0]?.size('q')).toBe(rounds.length);
    });
  });
}

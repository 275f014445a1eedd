import { describe, expect } from 'vitest';
import { begin, completed, itIfAble, locks, newJob } from './session.ts';
import type { Subject } from './subject.ts';

export function damagedSuite(subject: Subject): void {
  const it = (title: string, test: () => Promise<void>): void => itIfAble(subject, 'damage', title, test);

  describe('a damaged job', () => {
    it('goes to the dead letters with its bytes when it comes up, and those behind it go on', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const raw = await store.damage('a');
      const reply = await session.exchange(worker, [], { queues: ['q'], count: 1, locks: 'take' });
      expect(reply.claimed.map(({ id }) => id)).toEqual(['b']);
      expect(reply.moves).toEqual([{ event: 'dead', id: 'a', queue: 'q', detail: expect.stringMatching(/./) }]);
      const [letter, ...others] = await backend.deadLetters(0, 10);
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ queue: 'q', reason: expect.stringMatching(/./) });
      expect(Buffer.from(letter?.raw ?? []).equals(raw)).toBe(true);
      expect(await backend.find('a')).toBeNull();
      expect((await backend.stats()).dead).toBe(1);
      expect(await session.waiting()).toEqual([]);
    });

    it('may be enqueued again afterwards', async () => {
      const { session, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await store.damage('a');
      await session.claim(worker);
      expect(await session.enqueue(newJob('a'))).toEqual(['enqueued']);
      await session.take(worker, 'a');
    });

    it('is passed over by a peek, which leaves it where it is', async () => {
      const { session, backend, store } = await begin(subject);
      await session.enqueue(newJob('a'), newJob('b'));
      await store.damage('a');
      expect(await backend.peek('q')).toMatchObject({ id: 'b' });
      expect(await backend.size('q')).toBe(2);
      expect(await backend.deadLetters(0, 10)).toEqual([]);
    });

    it('does not keep others that are held for its lock from their place', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: locks(['k', 1]) })));
      const [a] = await session.claim(worker, 3);
      if (a === undefined) throw new Error('a should have come up');
      await store.damage('b');
      await session.settle(a, completed);
      const [c] = await session.claim(worker, 2);
      expect(c?.id).toBe('c');
      expect(await backend.find('b')).toBeNull();
      expect((await backend.stats()).dead).toBe(1);
      if (c !== undefined) await session.settle(c, completed);
      expect(await session.holding('k')).toEqual([]);
    });

    it('gives back the place that was granted to it', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: locks(['k', 1]) })));
      const [a] = await session.claim(worker, 3);
      if (a === undefined) throw new Error('a should have come up');
      await session.settle(a, completed);
      expect(await session.holding('k')).toEqual(['b']);
      await store.damage('b');
      // The place may be granted in the step that finds the damage, or in the next.
      const found = [...(await session.claim(worker, 2)), ...(await session.claim(worker, 2))];
      expect(found.map(({ id }) => id)).toEqual(['c']);
      expect(await backend.find('b')).toBeNull();
      expect(await session.holding('k')).toEqual(['c']);
    });

    it('can be settled by its worker, and frees its places', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }));
      const a = await session.take(worker, 'a');
      await store.damage('a');
      expect((await session.settle(a, completed)).settled).toEqual(['settled']);
      expect(await backend.find('a')).toBeNull();
      expect(await session.holding('k')).toEqual([]);
      expect(await backend.list({ state: 'processing', worker }, 0, 10)).toEqual([]);
    });

    it('does not keep a sweep from taking back the others of a vanished worker', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: locks([`k-${id}`, 1]) })));
      await session.claim(worker, 3);
      await store.damage('b');
      await session.vanish(worker);
      const other = await session.worker();
      const claimed = [...(await session.claim(other, 3)), ...(await session.claim(other, 3))];
      expect(claimed.map(({ id }) => id)).toEqual(['a', 'c']);
      expect(await session.holding('k-b')).toEqual([]);
      expect(await backend.find('b')).toBeNull();
      expect((await backend.stats()).dead).toBe(1);
    });
  });
}

export function foreignSuite(subject: Subject): void {
  const it = (title: string, test: () => Promise<void>): void => itIfAble(subject, 'pushRaw', title, test);

  describe('an entry that another program appended', () => {
    it('is claimed as a whole envelope', async () => {
      const { session, backend, store } = await begin(subject);
      const worker = await session.worker();
      await store.pushRaw('q', '{"ID":"x-1","TypeName":"mail","Job":{"to":"you","n":9007199254740993}}');
      expect(await backend.size('q')).toBe(1);
      expect(await backend.peek('q')).toMatchObject({ id: 'x-1', type: 'mail' });
      const job = await session.take(worker, 'x-1');
      expect(job).toMatchObject({ type: 'mail', queue: 'q', attempts: 0, locks: null });
      expect(JSON.parse(job.payload)).toEqual({ to: 'you', n: 9007199254740992 });
      expect((await backend.find('x-1'))?.state).toBe('processing');
      expect((await session.settle(job, completed)).settled).toEqual(['settled']);
      expect(await backend.find('x-1')).toBeNull();
    });

    it('comes up in its place among other jobs', async () => {
      const { session, store } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      await store.pushRaw('q', '{"ID":"b","TypeName":"mail","Job":null}');
      await session.enqueue(newJob('c'));
      const claimed = await session.claim(worker, 3);
      expect(claimed.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    });

    for (const junk of [
      '{',
      '{}',
      '{"ID":"a"}',
      '{"ID":"a","TypeName":7,"Job":null}',
      '{"ID":"a b","TypeName":"mail","Job":null}',
      '{"ID":"","TypeName":"mail","Job":null}',
      'unknown-id',
      '',
      '[]',
      'null',
      'no envelope at all',
    ]) {
      it(`goes to the dead letters where it is junk, and those behind it go on: ${junk}`, async () => {
        const { session, backend, store } = await begin(subject);
        const worker = await session.worker();
        await store.pushRaw('q', junk);
        await session.enqueue(newJob('b'));
        expect(await backend.peek('q')).toMatchObject({ id: 'b' });
        const reply = await session.exchange(worker, [], { queues: ['q'], count: 2, locks: 'take' });
        expect(reply.claimed.map(({ id }) => id)).toEqual(['b']);
        const [letter] = await backend.deadLetters(0, 10);
        expect(Buffer.from(letter?.raw ?? []).toString()).toBe(junk);
        expect(letter).toMatchObject({ queue: 'q', reason: expect.stringMatching(/./) });
      });
    }
  });
}

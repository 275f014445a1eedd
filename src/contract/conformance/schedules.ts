import { describe, expect, it } from 'vitest';
import type { StoredSchedule } from '../backend.ts';
import { begin, HOUR, itIfAble, newJob, Session } from './session.ts';
import type { Subject } from './subject.ts';

/** Later than any clock of a test. */
const LATER = 4_102_444_800_000;

/** Writes a schedule that is there already, as its reader found it. */
function rewrite(session: Session, found: StoredSchedule | null, fields: Parameters<Session['writeSchedule']>[1] = {}) {
  if (found === null) throw new Error('the schedule should be there');
  const { name, due, text, version } = found;
  return session.writeSchedule(name, { due, text, replaces: version, ...fields });
}

export function schedulesSuite(subject: Subject): void {
  describe('a recurring schedule', () => {
    it('is found as it was written', async () => {
      const { session, backend } = await begin(subject);
      expect(await backend.schedules.find('a')).toBeNull();
      const text = '{"é": "\\u0000 😀"}\nand 2 lines';
      const { version } = await session.writeSchedule('a', { due: LATER, text });
      expect(version).toBeGreaterThan(0);
      expect(await backend.schedules.find('a')).toEqual({ name: 'a', due: LATER, text, version });
    });

    it('is written only where it is as its writer found it', async () => {
      const { session, backend } = await begin(subject);
      const refused = { version: null, job: null, moves: [] };
      expect(await session.writeSchedule('a', { replaces: 7 })).toEqual(refused);
      const { version: first } = await session.writeSchedule('a', { text: 'first' });
      expect(await session.writeSchedule('a', { text: 'other' })).toEqual(refused);
      const { version: second } = await session.writeSchedule('a', { replaces: first, text: 'second', due: 5 });
      expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
      expect(await session.writeSchedule('a', { replaces: first, text: 'late', job: newJob('late') })).toEqual(refused);
      expect(await backend.schedules.find('a')).toEqual({ name: 'a', due: 5, text: 'second', version: second });
      expect(await backend.find('late')).toBeNull();
    });

    it('is removed once, and one of the same name is another', async () => {
      const { session, backend } = await begin(subject);
      const { version } = await session.writeSchedule('a', { due: 5 });
      expect(await session.removeSchedule('a')).toBe(true);
      expect(await session.removeSchedule('a')).toBe(false);
      expect(await backend.schedules.find('a')).toBeNull();
      expect(await backend.schedules.names(0, 10)).toEqual([]);
      expect(await backend.schedules.due(0, 10)).toMatchObject({ names: [], next: null });
      const again = await session.writeSchedule('a', { due: 5 });
      expect(again.version).not.toBe(version);
      // Whoever read the first one in time to fire it has come too late.
      expect(await session.writeSchedule('a', { replaces: version, job: newJob('j') })).toMatchObject({
        version: null,
      });
    });

    it('enqueues a job in the same step', async () => {
      const { session, backend } = await begin(subject);
      const job = newJob('j', { locks: [{ key: 'k', concurrency: 1 }], payload: '{"a": 1}' });
      const extras = { schedule: { name: 'a', tick: 1_774_746_000_000 } };
      expect(await session.writeSchedule('a', { job: { ...job, extras } })).toMatchObject({ job: 'enqueued' });
      expect(await backend.find('j')).toMatchObject({ state: 'waiting', job: { ...job, extras } });
      expect(await rewrite(session, await backend.schedules.find('a'), { job })).toMatchObject({ job: 'duplicate' });
      expect(await session.waiting()).toEqual(['j']);
      const worker = await session.worker();
      expect(await session.take(worker, 'j')).toMatchObject({ extras });
    });

    it('enqueues a job that has a unique key as any other is', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const unique = { key: 'u', while: 'until done' } as const;
      const locked = { locks: [{ key: 'k', concurrency: 1 }] };
      const only = (id: string) => newJob(id, { ...locked, extras: { unique } });
      await session.enqueue(newJob('runs', locked), only('first'), newJob('behind', locked));
      await session.claim(worker, 3);
      const stands = { id: 'first', queue: 'q' };
      expect(await session.writeSchedule('a', { job: only('second') })).toMatchObject({
        job: { outcome: 'kept', ...stands },
      });
      expect(await backend.find('second')).toBeNull();
      const written = await rewrite(session, await backend.schedules.find('a'), {
        job: { ...only('third'), onConflict: 'replace' },
      });
      expect(written).toMatchObject({ job: { outcome: 'replaced', ...stands } });
      expect(await backend.uniqueKeys.standing('test', 'u')).toMatchObject({ id: 'third' });
    });

    it('wakes who waits for work', async () => {
      const { session, backend } = await begin(subject);
      const woken = backend.wait(['q'], { timeout: 20_000 });
      await session.writeSchedule('a', { job: newJob('j') });
      expect(await woken).toBe('woken');
    });

    it('fires a tick once, of many that try at the same time', async () => {
      const { session, backend } = await begin(subject);
      await session.writeSchedule('a', { due: 5 });
      const found = await backend.schedules.find('a');
      const written = await Promise.all(
        Array.from({ length: 10 }, (_, n) => rewrite(new Session(backend), found, { due: 6, job: newJob(`j${n}`) })),
      );
      expect(written.filter(({ version }) => version !== null)).toHaveLength(1);
      expect(await session.waiting()).toHaveLength(1);
    });

    itIfAble(subject, 'reopen', 'fires a tick once, of two processes that try at the same time', async () => {
      const { session, store } = await begin(subject);
      const others = [new Session(await store.open()), new Session(await store.open())];
      await session.writeSchedule('a', { due: 0 });
      for (let tick = 1; tick <= 20; tick += 1) {
        const found = await session.backend.schedules.find('a');
        const attempts = others.map((other) => rewrite(other, found, { due: tick, job: newJob(`tick-${tick}`) }));
        expect((await Promise.all(attempts)).map(({ job }) => job).sort()).toEqual(['enqueued', null]);
      }
      expect(await session.waiting()).toHaveLength(20);
    });

    it('does a call once that is repeated', async () => {
      const { backend } = await begin(subject);
      const call = (sequence: number) => ({ client: 'c', sequence, floor: 1 });
      const write = { name: 'a', due: 5, text: '', replaces: null, job: newJob('j') };
      const written = await backend.schedules.write(call(1), write);
      expect(written.job).toBe('enqueued');
      expect(await backend.schedules.write(call(1), write)).toEqual(written);
      expect(await backend.schedules.find('a')).toMatchObject({ version: written.version });
      const refused = await backend.schedules.write(call(2), write);
      expect(await backend.schedules.remove(call(3), 'a')).toBe(true);
      // Now it could be done; but this is the same call.
      expect(await backend.schedules.write(call(2), write)).toEqual(refused);
      await backend.schedules.write(call(4), write);
      expect(await backend.schedules.remove(call(3), 'a')).toBe(true);
      expect(await backend.schedules.find('a')).not.toBeNull();
    });
  });

  describe('recurring schedules', () => {
    it('are due by the clock of the store: by when they were, then by name', async () => {
      const { session, backend } = await begin(subject);
      const before = await backend.now();
      for (const [name, due] of Object.entries({
        c: 10,
        b: 20,
        a: 20,
        later: LATER,
        next: LATER - HOUR,
        paused: null,
      })) {
        await session.writeSchedule(name, { due });
      }
      const { names, now, next } = await backend.schedules.due(0, 10);
      expect({ names, next }).toEqual({ names: ['c', 'a', 'b'], next: LATER - HOUR });
      expect(now).toBeGreaterThanOrEqual(before);
      expect(now).toBeLessThanOrEqual(await backend.now());
      expect(await backend.schedules.due(1, 1)).toMatchObject({ names: ['a'], next: LATER - HOUR });
      expect(await backend.schedules.due(3, 10)).toMatchObject({ names: [], next: LATER - HOUR });
      // One that is paused is not due any more, and one that goes on is due later.
      await rewrite(session, await backend.schedules.find('c'), { due: null });
      await rewrite(session, await backend.schedules.find('a'), { due: LATER - 2 * HOUR });
      expect(await backend.schedules.due(0, 10)).toMatchObject({ names: ['b'], next: LATER - 2 * HOUR });
    });

    it('are due at their instant, and not before', async () => {
      const { session, backend } = await begin(subject);
      const due = (await backend.now()) + 100;
      await session.writeSchedule('a', { due });
      const early = await backend.schedules.due(0, 10);
      if (early.now < due) expect(early).toMatchObject({ names: [], next: due });
      await session.passed(due - 1);
      expect(await backend.schedules.due(0, 10)).toMatchObject({ names: ['a'], next: null });
    });

    it('are listed by name, part by part', async () => {
      const { session, backend } = await begin(subject);
      for (const name of ['b', 'a~1', 'a:1', 'A', 'c']) await session.writeSchedule(name, { due: null });
      expect(await backend.schedules.names(0, 10)).toEqual(['A', 'a:1', 'a~1', 'b', 'c']);
      expect(await backend.schedules.names(1, 2)).toEqual(['a:1', 'a~1']);
      expect(await backend.schedules.names(5, 2)).toEqual([]);
    });
  });
}

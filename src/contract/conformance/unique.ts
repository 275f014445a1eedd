import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NewJob } from '../../core/envelope.ts';
import { MOST_CRASHES, type Outcome } from '../../core/outcome.ts';
import type { OnConflict } from '../../core/unique.ts';
import { begin, completed, failed, HOUR, itIfAble, locks, newJob, released, retry, type Session } from './session.ts';
import type { Subject } from './subject.ts';

/** A job that is to be the only one with the key `k`. */
export function uniqueJob(
  id: string,
  { state = 'until done', onConflict, key = 'k', ...fields }: Partial<NewJob> & Choices = {},
): NewJob {
  const unique = { key, while: state };
  return newJob(id, { ...fields, extras: { unique }, ...(onConflict !== undefined && { onConflict }) });
}

interface Choices {
  readonly state?: 'waiting' | 'until done' | number;
  readonly key?: string;
  readonly onConflict?: OnConflict;
}

export const kept = (id: string, queue = 'q') => ({ outcome: 'kept', id, queue }) as const;
const lock = { locks: locks(['l', 1]) };

/** Whether another job could have the key now: it is refused if not, and goes at once if so. */
async function isFree(session: Session, type = 'test'): Promise<boolean> {
  const [result] = await session.enqueue(uniqueJob('probe', { type, onConflict: 'reject', due: { in: HOUR } }));
  if (result !== 'enqueued') return false;
  await session.cancel('probe');
  return true;
}

export function uniqueSuite(subject: Subject): void {
  describe('unique keys', () => {
    it('one job stands for a key; another changes nothing, and is told of it', async () => {
      const { session, backend } = await begin(subject);
      expect(await session.enqueue(uniqueJob('a', { payload: '1' }))).toEqual(['enqueued']);
      expect(await session.enqueue(newJob('x'), uniqueJob('b', { queue: 'other' }))).toEqual(['enqueued', kept('a')]);
      expect(await session.waiting()).toEqual(['a', 'x']);
      expect(await backend.find('b')).toBeNull();
      expect((await backend.find('a'))?.job).toMatchObject({
        payload: '1',
        extras: { unique: { key: 'k', while: 'until done' } },
      });
      expect(await backend.uniqueKeys.standing('test', 'k')).toEqual({ id: 'a', queue: 'q' });
      expect((await backend.stats()).queues).toEqual([{ queue: 'q', waiting: 2, held: 0 }]);
    });

    it('keys are of one type, and whole', async () => {
      const { session, backend } = await begin(subject);
      const keys = ['k', 'k ', ' k', 'K', 'k:1', 'a b', '"', "'", '\\', '\n', '[]', 'ключ', '😀', 'x'.repeat(512)];
      const jobs = keys.map((key, index) => uniqueJob(`a${index}`, { key }));
      const others = keys.map((key, index) => uniqueJob(`b${index}`, { key, type: 'other' }));
      expect(await session.enqueue(...jobs, ...others)).toEqual([...jobs, ...others].map(() => 'enqueued'));
      for (const [index, key] of keys.entries()) {
        expect(await session.enqueue(uniqueJob('c', { key }))).toEqual([kept(`a${index}`)]);
        expect((await backend.uniqueKeys.standing('other', key))?.id).toBe(`b${index}`);
      }
      expect(await backend.uniqueKeys.standing('other', 'none')).toBeNull();
      // Types and keys that could run into one.
      await session.enqueue(uniqueJob('d', { type: 'a:b', key: 'c' }), uniqueJob('e', { type: 'a', key: 'b:c' }));
      expect((await backend.uniqueKeys.standing('a', 'b:c'))?.id).toBe('e');
    });

    it('two jobs of one call meet as two calls would, in their order', async () => {
      const { session } = await begin(subject);
      const results = await session.enqueue(
        uniqueJob('a'),
        uniqueJob('b'),
        uniqueJob('c', { onConflict: 'replace' }),
        uniqueJob('d', { onConflict: 'reject' }),
        newJob('e'),
      );
      const replaced = { outcome: 'replaced', id: 'a', queue: 'q' };
      expect(results).toEqual(['enqueued', kept('a'), replaced, { ...kept('c'), outcome: 'rejected' }, 'enqueued']);
      expect(await session.waiting()).toEqual(['c', 'e']);
      const claimed = await session.claim(await session.worker(), 5);
      expect(claimed.map(({ id }) => id)).toEqual(['c', 'e']);
    });

    it('an id that is in the books comes before its key, and so does the job that has the key itself', async () => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a', { state: HOUR }), newJob('b'));
      const again = [
        uniqueJob('a', { state: HOUR, onConflict: 'replace' }),
        uniqueJob('b', { state: HOUR, onConflict: 'reject' }),
      ];
      expect(await session.enqueue(...again)).toEqual(['duplicate', 'duplicate']);
      await session.settle(await session.take(await session.worker(), 'a'), completed);
      expect(await session.enqueue(uniqueJob('a', { state: HOUR, onConflict: 'reject' }))).toEqual(['duplicate']);
      expect(await session.waiting()).toEqual(['b']);
    });

    it('takes a thousand in one call', async () => {
      const { session, backend } = await begin(subject);
      const jobs = Array.from({ length: 1_000 }, (_, at) => uniqueJob(`job-${at}`, { key: `k${at % 500}` }));
      const results = await session.enqueue(...jobs);
      expect(results.slice(0, 500)).toEqual(Array.from({ length: 500 }, () => 'enqueued'));
      expect(results.slice(500)).toEqual(Array.from({ length: 500 }, (_, at) => kept(`job-${at}`)));
      expect(await backend.size('q')).toBe(500);
    });
  });

  describe('a key that is taken while its job waits', () => {
    it('is free from the claim on, however the run ends', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(uniqueJob('a', { state: 'waiting' }));
      expect(await session.enqueue(uniqueJob('b', { state: 'waiting' }))).toEqual([kept('a')]);
      const a = await session.take(worker, 'a');
      expect(await session.enqueue(uniqueJob('b', { state: 'waiting' }))).toEqual(['enqueued']);
      await session.settle(a, released);
      expect((await backend.uniqueKeys.standing('test', 'k'))?.id).toBe('b');
      await session.settle(await session.take(worker, 'a'), completed);
      expect((await backend.uniqueKeys.standing('test', 'k'))?.id).toBe('b');
    });

    it('stays with a job that is held, and is free when that is claimed with its grant', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('holder', lock), uniqueJob('a', { ...lock, state: 'waiting' }));
      const [holder] = await session.claim(worker, 2);
      if (holder === undefined) throw new Error('the holder should have come up');
      expect(await session.held('l')).toEqual(['a']);
      expect(await isFree(session)).toBe(false);
      await session.settle(holder, completed);
      expect(await isFree(session)).toBe(false);
      await session.take(worker, 'a');
      expect(await isFree(session)).toBe(true);
    });

    it('stays with a job that is parked before it ran, since its type is paused', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(uniqueJob('a', { state: 'waiting' }));
      await session.pause({ type: 'test' });
      expect(await session.claim(worker)).toEqual([]);
      expect(await isFree(session)).toBe(false);
      await session.resume({ type: 'test' });
      await session.backend.unpark(['test'], 10);
      await session.take(worker, 'a');
      expect(await isFree(session)).toBe(true);
    });

    it.each([[[]], [locks(['l', 1])], [null]])('is free from a claim that takes no locks: %j', async (needed) => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a', { locks: needed, state: 'waiting' }));
      await session.take(await session.worker(), 'a', 'q', 'later');
      expect(await isFree(session)).toBe(true);
    });

    it('is free when the job is cancelled before it ran', async () => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a', { state: 'waiting', due: { in: HOUR } }));
      expect(await isFree(session)).toBe(false);
      await session.cancel('a');
      expect(await isFree(session)).toBe(true);
    });
  });

  describe('a key that is taken until its job is done', () => {
    const goesOn: readonly Outcome[] = [
      retry(0),
      retry(HOUR),
      released,
      { kind: 'snoozed', due: { in: HOUR } },
      { kind: 'parked', reason: 'unknown' },
    ];

    it.each(goesOn)('stays with a job that goes on: $kind', async (outcome) => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a'));
      const a = await session.take(await session.worker(), 'a');
      expect(await isFree(session)).toBe(false);
      await session.settle(a, outcome);
      expect(await isFree(session)).toBe(false);
      await session.cancel('a');
      expect(await isFree(session)).toBe(true);
    });

    const ends: readonly Outcome[] = [
      completed,
      { kind: 'completed', keep: { for: HOUR, count: null } },
      failed,
      { kind: 'cancelled' },
      { kind: 'dead', reason: 'damaged' },
    ];

    it.each(ends)('is free when the job ends: $kind', async (outcome) => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a', lock));
      await session.settle(await session.take(await session.worker(), 'a'), outcome);
      expect(await isFree(session)).toBe(true);
      // And no later end of that job takes anything from the next.
      await session.enqueue(uniqueJob('b'));
      await session.discard('a');
      expect(await isFree(session)).toBe(false);
    });

    it('stays with a job whose worker vanished, until that is put in quarantine', async () => {
      const { session } = await begin(subject);
      await session.enqueue(uniqueJob('a'));
      for (let crash = 1; crash <= MOST_CRASHES; crash += 1) {
        const worker = await session.worker();
        await session.take(worker, 'a');
        expect(await isFree(session)).toBe(false);
        await session.vanish(worker);
      }
      expect(await isFree(session)).toBe(true);
    });

    it.each([
      ['handed back', (session: Session, worker: string) => session.relinquish(worker)],
      ['its worker vanished', (session: Session, worker: string) => session.vanish(worker)],
    ])('is free when a run that is to be cancelled ends otherwise: %s', async (_, end) => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(uniqueJob('a'));
      await session.take(worker, 'a');
      await session.cancel('a');
      expect(await isFree(session)).toBe(false);
      await end(session, worker);
      expect(await isFree(session)).toBe(true);
    });

    it('is free when a job that is to be cancelled would have to wait for a lock', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('holder', lock), uniqueJob('a', { locks: null }));
      await session.claim(worker, 1);
      const a = await session.take(worker, 'a');
      await session.cancel('a');
      expect((await session.lock(a, lock.locks)).state).toBe('stale');
      expect(await isFree(session)).toBe(true);
    });

    itIfAble(subject, 'damage', 'is free when the stored job turns out to be damaged', async () => {
      const { session, store } = await begin(subject);
      await session.enqueue(uniqueJob('a'));
      await store.damage('a');
      await session.claim(await session.worker());
      expect(await isFree(session)).toBe(true);
    });

    it('is taken again by a failed job that is retried; not if another stands by then', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(uniqueJob('a'), uniqueJob('other', { key: 'l' }));
      await session.settle(await session.take(worker, 'a'), failed);
      await session.enqueue(uniqueJob('b'));
      expect(await session.retryFailed('a')).toEqual(['refused']);
      expect((await backend.find('a'))?.state).toBe('failed');
      await session.cancel('b');
      expect(await session.retryFailed('a')).toEqual(['retried']);
      expect(await session.enqueue(uniqueJob('c'))).toEqual([kept('a')]);
      expect(await session.waiting()).toEqual(['other', 'a']);
    });

    it('is not asked for by a retry where it was taken otherwise', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(uniqueJob('a', { state: 'waiting' }), uniqueJob('w', { state: HOUR, key: 'l' }));
      for (const id of ['a', 'w']) await session.settle(await session.take(worker, id), failed);
      await session.enqueue(uniqueJob('b', { state: 'waiting' }));
      expect(await session.retryFailed('a', 'w')).toEqual(['retried', 'retried']);
      expect(await session.enqueue(uniqueJob('c'))).toEqual([kept('b')]);
    });
  });

  describe('a key that is taken for a time', () => {
    it('stays so when the job has ended and is gone', async () => {
      const { session, backend } = await begin(subject);
      const before = await backend.now();
      await session.enqueue(uniqueJob('a', { state: HOUR }));
      await session.settle(await session.take(await session.worker(), 'a'), completed);
      expect(await backend.find('a')).toBeNull();
      expect(await session.enqueue(uniqueJob('b'))).toEqual([kept('a')]);
      const standing = await backend.uniqueKeys.standing('test', 'k');
      expect(standing).toMatchObject({ id: 'a', queue: 'q' });
      expect(standing?.until).toBeGreaterThanOrEqual(before + HOUR);
      expect(standing?.until).toBeLessThanOrEqual((await backend.now()) + HOUR);
    });

    it('may be freed before that is up, once and by its type; one that is a job’s own may not', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(uniqueJob('a', { state: HOUR }), uniqueJob('own', { key: 'own' }));
      expect(await session.releaseKey('other', 'k')).toBe(false);
      const call = { client: randomUUID(), sequence: 1, floor: 1 };
      expect(await backend.uniqueKeys.release(call, 'test', 'k')).toBe(true);
      expect(await session.enqueue(uniqueJob('b', { state: HOUR }))).toEqual(['enqueued']);
      // The reply was lost, and the call is made again.
      expect(await backend.uniqueKeys.release(call, 'test', 'k')).toBe(true);
      expect((await backend.uniqueKeys.standing('test', 'k'))?.id).toBe('b');
      expect(await session.releaseKey('test', 'own')).toBe(false);
      expect(await session.releaseKey('test', 'none')).toBe(false);
      expect(await isFree(session)).toBe(false);
      expect(await session.waiting()).toEqual(['a', 'own', 'b']);
    });

    it('is free when the time is up, though the job waits still', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(uniqueJob('a', { state: 5 }));
      await session.passed((await backend.uniqueKeys.standing('test', 'k'))?.until);
      expect(await backend.uniqueKeys.standing('test', 'k')).toBeNull();
      expect(await session.enqueue(uniqueJob('b', { state: 5 }))).toEqual(['enqueued']);
      expect(await session.waiting()).toEqual(['a', 'b']);
    });
  });
}

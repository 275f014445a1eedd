import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../core/envelope.ts';
import { RATE_MARK } from '../../core/rate.ts';
import { begin, completed, HOUR, locks, newJob, present, rate, released, type Session } from './session.ts';
import type { Subject } from './subject.ts';

/** Between which two instants of the backend's clock a job started. */
interface Start {
  readonly from: number;
  readonly to: number;
}

/** Runs what comes up until so many jobs have started. */
async function starts(session: Session, worker: string, count: number): Promise<Start[]> {
  const found: Start[] = [];
  while (found.length < count) {
    const from = await session.backend.now();
    const claimed = await session.claim(worker, 10);
    const to = await session.backend.now();
    if (claimed.length === 0) await session.backend.promote(100);
    for (const job of claimed) {
      found.push({ from, to });
      await session.settle(job, completed);
    }
  }
  return found;
}

export function ratesSuite(subject: Subject): void {
  describe('rates', () => {
    it('starts as many jobs of a key as its burst, and holds the others', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const limited = { locks: [rate('r', HOUR, 2)] };
      await session.enqueue(...['a', 'b', 'c', 'd'].map((id) => newJob(id, limited)), newJob('free'));
      const { claimed, moves } = await session.exchange(worker, [], { queues: ['q'], count: 10, locks: 'take' });
      expect(claimed.map(({ id }) => id)).toEqual(['a', 'b', 'free']);
      const heldAt = { queue: 'q', detail: `${RATE_MARK}r` };
      expect(moves).toEqual([
        { event: 'held', id: 'c', ...heldAt },
        { event: 'held', id: 'd', ...heldAt },
      ]);
      expect(await backend.find('c')).toMatchObject({ state: 'held', heldFor: `${RATE_MARK}r` });
      expect(await session.held(`${RATE_MARK}r`)).toEqual(['c', 'd']);
      // That one of them ends, changes nothing: it has started.
      for (const job of claimed) await session.settle(job, completed);
      expect(await session.claim(worker, 10)).toEqual([]);
      expect(await session.holding(`${RATE_MARK}r`)).toEqual([]);
    });

    it('grants the next place when its time has come, to the job that has waited longest', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: [rate('r', 40)] })));
      const began = await backend.now();
      expect((await session.claim(worker, 10)).map(({ id }) => id)).toEqual(['a']);
      const { next } = await backend.controls.rate('r');
      expect(next).toBeGreaterThanOrEqual(began + 40);
      const early = await backend.promote(10);
      if ((await backend.now()) < began + 40) {
        expect(early.moves).toEqual([]);
        expect(early.next).toBeLessThanOrEqual(40);
      }
      await session.passed(next ?? 0);
      // The first look may have been late already.
      const moves = [...early.moves, ...(await backend.promote(10)).moves];
      expect(moves).toEqual([{ event: 'granted', id: 'b', queue: 'q', detail: `${RATE_MARK}r` }]);
      expect(await backend.controls.rate('r')).toMatchObject({ reserved: 1, next: null });
      // However late it is claimed, the one after it comes no sooner than an interval after that.
      await session.passed((await backend.now()) + 60);
      expect((await backend.promote(10)).moves).toEqual([]);
      const claimedAt = await backend.now();
      await session.take(worker, 'b');
      expect((await backend.controls.rate('r')).next).toBeGreaterThanOrEqual(claimedAt + 40);
      expect(await session.claim(worker)).toEqual([]);
    });

    it('never starts more than burst + time / interval', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const [interval, burst] = [15, 3];
      const limited = { locks: [rate('r', interval, burst)] };
      await session.enqueue(...Array.from({ length: 24 }, (_, at) => newJob(`job-${at}`, limited)));
      const found = await starts(session, worker, 24);
      for (const [first, { from }] of found.entries()) {
        for (const [more, { to }] of found.slice(first + burst).entries()) {
          expect(to - from).toBeGreaterThanOrEqual((more + 1) * interval);
        }
      }
    });

    it('needs all rates and locks of a job at once, and uses up none where one is missing', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const both = { locks: [...locks(['k', 1]), rate('r', HOUR)] };
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b', both));
      const a = await session.take(worker, 'a');
      expect(await session.claim(worker)).toEqual([]);
      expect(await backend.find('b')).toMatchObject({ state: 'held', heldFor: 'k' });
      await session.enqueue(newJob('c', { locks: [rate('r', HOUR)] }));
      await session.take(worker, 'c');
      await session.settle(a, completed);
      expect(await backend.find('b')).toMatchObject({ state: 'held', heldFor: `${RATE_MARK}r` });
      expect(await session.holding('k')).toEqual([]);
    });

    it('gives a place that was kept for a job to the next when that job is cancelled', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: [rate('r', 5)] })));
      // In one step, or its time might come in between.
      expect((await session.claim(worker, 3)).map(({ id }) => id)).toEqual(['a']);
      await session.passed((await backend.controls.rate('r')).next ?? 0);
      expect((await backend.promote(10)).moves).toMatchObject([{ event: 'granted', id: 'b' }]);
      expect((await session.cancel('b')).moves).toMatchObject([{ event: 'granted', id: 'c' }]);
      await session.take(worker, 'c');
    });

    it('does not give back what a job that is handed back has used', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: [rate('r', HOUR)] }));
      await session.settle(await session.take(worker, 'a'), released);
      expect(await session.claim(worker)).toEqual([]);
      expect(await backend.find('a')).toMatchObject({ state: 'held', heldFor: `${RATE_MARK}r` });
    });

    it('starts nothing of a key that was paused, and goes on when that is over', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const until = (await backend.now()) + 60;
      await session.pauseRate('r', { at: until });
      await session.pauseRate('r', { at: until - 30 });
      expect(await backend.controls.rate('r')).toMatchObject({ pausedUntil: until });
      await session.enqueue(newJob('a', { locks: [rate('r', 1)] }));
      if ((await backend.now()) < until) expect(await session.claim(worker)).toEqual([]);
      const [start] = await starts(session, worker, 1);
      expect(start?.to).toBeGreaterThanOrEqual(until);
      expect(await backend.controls.rate('r')).toMatchObject({ pausedUntil: null });
    });

    it('calls the leader for a rate that allows more before all that is scheduled', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('later', { due: { in: HOUR } }));
      const leader = { worker: null, leads: true };
      // The call for what was scheduled before.
      await backend.waitForCall(leader, { timeout: 20 });
      await session.checkIn();
      const woken = backend.waitForCall(leader, { timeout: 5_000 });
      await session.enqueue(newJob('a', { locks: [rate('r', 50)] }), newJob('b', { locks: [rate('r', 50)] }));
      await session.claim(worker, 10);
      expect(await woken).toBe('woken');
      expect((await session.checkIn()).due.promote).toBeLessThanOrEqual(50);
    });

    it('goes by the newest rate that was asked for', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: [rate('r', HOUR)] }), newJob('b', { locks: [rate('r', HOUR)] }));
      await session.claim(worker, 10);
      await session.enqueue(newJob('c', { locks: [rate('r', HOUR, 5)] }));
      const { moves } = await session.exchange(worker, [], { queues: ['q'], count: 10, locks: 'take' });
      expect(moves.map(({ event, id }) => [event, id])).toEqual([
        ['held', 'c'],
        ['granted', 'b'],
        ['granted', 'c'],
      ]);
      expect((await session.claim(worker, 10)).map(({ id }) => id)).toEqual(['b', 'c']);
      expect(await backend.controls.rate('r')).toMatchObject({ reserved: 0 });
    });

    it('holds to a rate that only the manager can tell', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: null }), newJob('b', { locks: null }));
      const [a, b] = await session.claim(worker, 2);
      const lock = (job: ClaimedJob | undefined) => session.lock(present(job), [rate('r', HOUR)]);
      expect(await lock(a)).toMatchObject({ state: 'locked' });
      expect(await lock(b)).toMatchObject({ state: 'held' });
      expect(await backend.find('b')).toMatchObject({ state: 'held', heldFor: `${RATE_MARK}r` });
    });
  });

  describe('a changed concurrency', () => {
    it('holds from the next claim on: more may run when the newest job allows more', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const of = (concurrency: number) => ({ locks: locks(['k', concurrency]) });
      await session.enqueue(newJob('a', of(1)), newJob('b', of(1)), newJob('c', of(1)));
      await session.claim(worker, 5);
      expect(await session.held('k')).toEqual(['b', 'c']);
      await session.enqueue(newJob('d', of(3)));
      expect(await session.claim(worker, 5)).toEqual([]);
      expect((await session.claim(worker, 5)).map(({ id }) => id)).toEqual(['b', 'c']);
      expect(await session.held('k')).toEqual(['d']);
    });

    it('holds from the next claim on: fewer may run when the newest job allows fewer', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const of = (concurrency: number) => ({ locks: locks(['k', concurrency]) });
      await session.enqueue(...['a', 'b', 'c', 'd'].map((id) => newJob(id, of(2))), newJob('e', of(1)));
      const [a, b] = await session.claim(worker, 5);
      expect(await session.held('k')).toEqual(['c', 'd', 'e']);
      await session.settle(present(a), completed);
      expect(await session.waiting()).toEqual([]);
      await session.settle(present(b), completed);
      expect(await session.waiting()).toEqual(['c']);
    });

    it('is forgotten with the last that waits', async () => {
      const { session } = await begin(subject);
      const worker = await session.worker();
      const of = (concurrency: number) => ({ locks: locks(['k', concurrency]) });
      await session.enqueue(newJob('a', of(1)), newJob('b', of(1)));
      const [a] = await session.claim(worker, 5);
      await session.settle(present(a), completed);
      await session.settle(await session.take(worker, 'b'), completed);
      await session.enqueue(newJob('c', of(2)), newJob('d', of(2)));
      expect((await session.claim(worker, 5)).map(({ id }) => id)).toEqual(['c', 'd']);
    });
  });
}

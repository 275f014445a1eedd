import { describe, expect, it } from 'vitest';
import { CouldNotLockError, StaleError } from '../../../core/errors.ts';
import { JOB_HELD, LOCK_NOT_REQUIRED, type PoppedJob } from '../../stages.ts';
import type { Subject } from '../subject.ts';
import { begin, locked, plain, pop } from './begin.ts';

export function lockingSuite(subject: Subject): void {
  describe('lockJob and releaseJob', () => {
    it('lockJob: LOCK_NOT_REQUIRED where the job has no lock key, or its concurrency is below 1', async () => {
      const { stages } = await begin(subject);
      await stages.pushJob(plain.job({ n: 1 }));
      await stages.pushJob({ type: 't', payload: null, lock: { key: 'k', concurrency: 0 } });
      for (let times = 0; times < 2; times += 1) {
        const job = await stages.popJob('default');
        expect(await stages.lockJob(job)).toBe(LOCK_NOT_REQUIRED);
        expect(job.lockId).toBe(LOCK_NOT_REQUIRED);
      }
    });

    it('lockJob: a lock id of at least 1 where a place was free', async () => {
      const { stages } = await begin(subject);
      await stages.pushJob(locked.job({ key: 'a' }));
      await stages.pushJob(locked.job({ key: 'b' }));
      const [a, b] = [await stages.popJob('default'), await stages.popJob('default')];
      const [lockA, lockB] = [await stages.lockJob(a), await stages.lockJob(b)];
      expect(lockA).toBeGreaterThanOrEqual(1);
      expect(a.lockId).toBe(lockA);
      expect(lockB).not.toBe(lockA);
    });

    it('lockJob: JOB_HELD where every lock is taken: the job waits among the held jobs of its queue', async () => {
      const { stages } = await begin(subject);
      const first = await stages.pushJob(locked.job({ key: 'k' }));
      const second = await stages.pushJob(locked.job({ key: 'k' }));
      await stages.lockJob(await pop(stages, first));
      const job = await pop(stages, second);
      expect(await stages.lockJob(job)).toBe(JOB_HELD);
      expect(job.lockId).toBe(JOB_HELD);
      expect(await stages.backend.find(second)).toMatchObject({ state: 'held', heldFor: 'k' });
      expect(await stages.size('default')).toBe(0);
      await expect(stages.failJob(job)).rejects.toBeInstanceOf(StaleError);
    });

    it('lockJob: CouldNotLockError with the cause, when the backend failed to do either', async () => {
      const { stages } = await begin(subject);
      await stages.pushJob(locked.job({ key: 'k' }));
      const job = await stages.popJob('default');
      await stages.backend.close();
      const error: unknown = await stages.lockJob(job).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CouldNotLockError);
      expect(error).toMatchObject({
        code: 'WINGMAN_COULD_NOT_LOCK',
        cause: { code: 'WINGMAN_BACKEND_CLOSED' },
      });
    });

    it('releaseJob: moves the next job held for that key to the front of its own queue', async () => {
      const { stages } = await begin(subject);
      const lock = { key: 'k', concurrency: 1 };
      const first = await stages.pushJob({ type: 't', payload: 1, lock, queue: 'left' });
      const second = await stages.pushJob({ type: 't', payload: 2, lock, queue: 'right' });
      const job = await pop(stages, first, 'left');
      await stages.lockJob(job);
      expect(await stages.lockJob(await pop(stages, second, 'right'))).toBe(JOB_HELD);
      const third = await stages.pushJob({ type: 't', payload: 3, queue: 'right' });
      await stages.releaseJob(job);
      expect(await stages.backend.list({ state: 'waiting', queue: 'right' }, 0, 10)).toEqual([second, third]);
      expect(await stages.size('left')).toBe(0);
      expect(await stages.lockJob(await pop(stages, second, 'right'))).toBeGreaterThanOrEqual(1);
    });

    it('releaseJob: wakes the first job held for that key and none held for another, across queues', async () => {
      const { stages } = await begin(subject);
      const ids: Record<string, string> = {};
      for (const name of ['a1', 'b1', 'b2', 'a2', 'a3']) {
        const lock = { key: name.slice(0, 1), concurrency: 1 };
        ids[name] = await stages.pushJob({ type: 't', payload: name, lock, queue: `queue-${name}` });
      }
      const jobs: Record<string, PoppedJob> = {};
      for (const name of ['a1', 'b1', 'b2', 'a2', 'a3']) {
        const job = await stages.popJob(`queue-${name}`);
        jobs[name] = job;
        expect((await stages.lockJob(job)) === JOB_HELD).toBe(!name.endsWith('1'));
      }
      const { a1 } = jobs;
      if (a1 === undefined) throw new Error('a1 should have come up');
      await stages.releaseJob(a1);
      const sizes = await Promise.all(['b2', 'a2', 'a3'].map((name) => stages.size(`queue-${name}`)));
      expect(sizes).toEqual([0, 1, 0]);
      expect((await stages.peek('queue-a2'))?.id).toBe(ids.a2);
    });

    it('releaseJob: by one who does not hold the lock frees nothing', async () => {
      const { stages } = await begin(subject);
      const first = await stages.pushJob(locked.job({ key: 'k' }));
      const second = await stages.pushJob(locked.job({ key: 'k' }));
      const owner = await pop(stages, first);
      const other = await pop(stages, second);
      await stages.lockJob(owner);
      await stages.releaseJob(other);
      await stages.releaseJob({ ...owner, token: '1' });
      expect(await stages.lockJob(other)).toBe(JOB_HELD);
      await stages.releaseJob(other);
      expect((await stages.backend.holders('k')).map(({ id }) => id)).toEqual([first]);
      expect(await stages.size('default')).toBe(0);
    });

    it('releaseJob: does nothing for a job without a lock', async () => {
      const { stages } = await begin(subject);
      const id = await stages.pushJob(plain.job({ n: 1 }));
      const job = await pop(stages, id);
      await stages.lockJob(job);
      await stages.releaseJob(job);
      expect((await stages.backend.find(id))?.state).toBe('processing');
    });
  });
}

import { describe, expect, it } from 'vitest';
import { CanceledError } from '../../../core/errors.ts';
import { JOB_HELD, type PoppedJob } from '../../stages.ts';
import { HOUR, itIfAble, roundTrips } from '../session.ts';
import type { Subject } from '../subject.ts';
import { begin, locked, pop } from './begin.ts';

export function endingSuite(subject: Subject): void {
  describe('close', () => {
    it('close: frees every resource; a second call does nothing', async () => {
      const { stages } = await begin(subject);
      await stages.close();
      await stages.close();
      await expect(stages.size('default')).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' });
    });

    it('close: ends a popJob that waits in CanceledError', async () => {
      const { stages } = await begin(subject);
      const popping = stages.popJob('default').catch((thrown: unknown) => thrown);
      await roundTrips(stages.backend);
      await stages.close();
      const error = await popping;
      expect(error).toBeInstanceOf(CanceledError);
      expect(error).toMatchObject({ reason: 'closed' });
    });

    itIfAble(subject, 'reopen', 'close: hands back what was popped and not finished', async () => {
      const { stages, store } = await begin(subject);
      const id = await stages.pushJob(locked.job({ key: 'k' }));
      const job = await pop(stages, id);
      await stages.lockJob(job);
      await stages.close();
      const again = await pop(await store.init(), id);
      expect(again.attempt).toBe(1);
    });
  });

  it('a loop of ten lines runs jobs with locks, one at a time for each key', async () => {
    const { stages } = await begin(subject, { blockingTimeout: HOUR });
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) ids.push(await stages.pushJob(locked.job({ key: `key-${n % 3}` })));
    const stop = new AbortController();
    const running = new Set<unknown>();
    const done: string[] = [];
    const work = async ({ id, payload }: PoppedJob): Promise<void> => {
      const key = JSON.stringify(payload);
      expect(running.has(key)).toBe(false);
      running.add(key);
      await stages.size('default');
      running.delete(key);
      done.push(id);
      if (done.length === ids.length) stop.abort();
    };
    const loop = async (): Promise<void> => {
      for (;;) {
        const job = await stages.popJob('default', { signal: stop.signal });
        if ((await stages.lockJob(job)) === JOB_HELD) continue;
        await stages.processJob(job);
        await work(job);
        await stages.releaseJob(job);
        await stages.clearJob(job.id);
        await stages.incSuccessfulJobs();
      }
    };
    const loops = await Promise.allSettled([loop(), loop(), loop(), loop()]);
    for (const ended of loops) expect(ended).toMatchObject({ reason: { code: 'WINGMAN_CANCELED' } });
    expect([...done].sort()).toEqual([...ids].sort());
    expect(await stages.successfulJobs()).toBe(20);
    expect((await stages.backend.stats()).queues).toEqual([{ queue: 'default', waiting: 0, held: 0 }]);
  });
}

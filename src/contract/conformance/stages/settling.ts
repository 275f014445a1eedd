import { describe, expect, it } from 'vitest';
import { StaleError } from '../../../core/errors.ts';
import { itIfAble } from '../session.ts';
import type { Subject } from '../subject.ts';
import { begin, locked, plain, pop } from './begin.ts';

export function settlingSuite(subject: Subject): void {
  describe('processJob, clearJob and failJob', () => {
    it('processJob: marks the job as being processed', async () => {
      const { stages } = await begin(subject);
      const id = await stages.pushJob(plain.job({ n: 1 }));
      const job = await pop(stages, id);
      await stages.processJob(job);
      expect(await stages.backend.find(id)).toMatchObject({ state: 'processing', owner: { token: job.token } });
      await stages.clearJob(id);
      await expect(stages.processJob(job)).rejects.toBeInstanceOf(StaleError);
    });

    it('clearJob: the mark goes, the job is done, and its lock with it', async () => {
      const { stages } = await begin(subject);
      const id = await stages.pushJob(locked.job({ key: 'k' }));
      const job = await pop(stages, id);
      await stages.lockJob(job);
      await stages.clearJob(id);
      expect(await stages.backend.find(id)).toBeNull();
      expect(await stages.backend.holders('k')).toEqual([]);
      expect((await stages.backend.stats()).workers.map(({ processing }) => processing)).toEqual([0]);
      expect(await stages.successfulJobs()).toBe(0);
    });

    it('clearJob: an id that is not in processing changes nothing', async () => {
      const { stages } = await begin(subject);
      const id = await stages.pushJob(plain.job({ n: 1 }));
      await stages.clearJob(id);
      await stages.clearJob('unknown');
      expect(await stages.size('default')).toBe(1);
    });

    itIfAble(subject, 'reopen', 'clearJob: works from another process than the one that popped', async () => {
      const { stages, store } = await begin(subject);
      const id = await stages.pushJob(plain.job({ n: 1 }));
      await pop(stages, id);
      await (await store.init()).clearJob(id);
      expect(await stages.backend.find(id)).toBeNull();
    });

    it('failJob: the mark goes and the job is kept as failed, with its error', async () => {
      const { stages } = await begin(subject);
      const id = await stages.pushJob(locked.job({ key: 'k' }));
      const job = await pop(stages, id);
      await stages.lockJob(job);
      await stages.failJob(job, new TypeError('not today'));
      expect(await stages.backend.find(id)).toMatchObject({
        state: 'failed',
        failures: [{ name: 'TypeError', message: 'not today', attempt: 1 }],
      });
      expect(await stages.backend.holders('k')).toEqual([]);
      expect(await stages.failedJobs()).toBe(0);
      await expect(stages.failJob(job)).rejects.toBeInstanceOf(StaleError);
    });

    it('failJob: needs no error', async () => {
      const { stages } = await begin(subject);
      const id = await stages.pushJob(plain.job({ n: 1 }));
      await stages.failJob(await pop(stages, id));
      expect((await stages.backend.find(id))?.failures).toHaveLength(1);
    });
  });
}

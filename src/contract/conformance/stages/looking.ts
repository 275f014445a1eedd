import { describe, expect, it } from 'vitest';
import { itIfAble } from '../session.ts';
import type { Subject } from '../subject.ts';
import { begin, plain } from './begin.ts';

export function lookingSuite(subject: Subject): void {
  describe('peek, size and the counters', () => {
    it('peek: the next job or null; never blocks, never removes', async () => {
      const { stages } = await begin(subject);
      expect(await stages.peek('default')).toBeNull();
      const id = await stages.pushJob(plain.job({ n: 1 }));
      await stages.pushJob(plain.job({ n: 2 }));
      const peeked = { id, type: 'plain', queue: 'default', payload: { n: 1 }, attempt: 1 };
      expect(await stages.peek('default')).toEqual(peeked);
      expect(await stages.peek('default')).toEqual(peeked);
      expect(await stages.size('default')).toBe(2);
    });

    it('size: how many wait', async () => {
      const { stages } = await begin(subject);
      expect(await stages.size('default')).toBe(0);
      for (const n of [1, 2, 3]) await stages.pushJob(plain.job({ n }));
      await stages.popJob('default');
      expect(await stages.size('default')).toBe(2);
      expect(await stages.size('other')).toBe(0);
    });

    it('successfulJobs, incSuccessfulJobs, failedJobs, incFailedJobs: count since the beginning', async () => {
      const { stages } = await begin(subject);
      expect([await stages.successfulJobs(), await stages.failedJobs()]).toEqual([0, 0]);
      await stages.incSuccessfulJobs();
      await stages.incSuccessfulJobs();
      await stages.incFailedJobs();
      expect([await stages.successfulJobs(), await stages.failedJobs()]).toEqual([2, 1]);
    });

    itIfAble(subject, 'reopen', 'successfulJobs, failedJobs: are shared by all', async () => {
      const { stages, store } = await begin(subject);
      const other = await store.init();
      await stages.incSuccessfulJobs();
      await other.incSuccessfulJobs();
      await other.incFailedJobs();
      expect([await stages.successfulJobs(), await stages.failedJobs()]).toEqual([2, 1]);
    });
  });
}

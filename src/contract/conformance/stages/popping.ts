import { describe, expect, it, onTestFinished } from 'vitest';
import { CanceledError, StaleError } from '../../../core/errors.ts';
import { defineJob } from '../../../core/job.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { SWEEP_BUDGET } from '../../backend.ts';
import { Stages } from '../../stages.ts';
import { HOUR, newJob, roundTrips, Session } from '../session.ts';
import type { Subject } from '../subject.ts';
import { begin, plain, pop } from './begin.ts';

export function poppingSuite(subject: Subject): void {
  describe('popJob', () => {
    it('popJob: takes the next job of the queue, with everything a worker needs', async () => {
      const { stages } = await begin(subject);
      const id = await stages.pushJob(plain.job({ n: 7 }));
      await stages.pushJob(plain.job({ n: 8 }));
      const job = await stages.popJob('default');
      expect(job).toEqual({
        id,
        type: 'plain',
        queue: 'default',
        payload: { n: 7 },
        attempt: 1,
        token: expect.stringMatching(/^[1-9][0-9]*$/),
      });
      expect(job.lockId).toBeUndefined();
      expect(await stages.size('default')).toBe(1);
    });

    it('popJob: fails a job whose deadline has passed, and takes the next', async () => {
      const { stages } = await begin(subject);
      const session = new Session(stages.backend);
      const deadline = { at: await stages.backend.now() };
      await session.enqueue(newJob('late', { queue: 'default', extras: { deadline } }));
      await session.enqueue(newJob('next', { queue: 'default', extras: { deadline: { in: HOUR } } }));
      await pop(stages, 'next');
      const failures = [{ code: 'WINGMAN_DEADLINE', message: expect.stringContaining('passed before it ran') }];
      expect(await stages.backend.find('late')).toMatchObject({ state: 'failed', failures });
    });

    it('popJob: takes the highest priority first, which its type may have', async () => {
      const { stages } = await begin(subject);
      const type = defineJob<number>({ type: 'ranked', priority: (input) => input });
      const ids = [];
      for (const input of [-1, 0, 1]) ids.unshift(await stages.pushJob(type.job(input)));
      for (const id of ids) await pop(stages, id);
    });

    it('popJob: brings up what is due, in several steps where it is much', async () => {
      const { stages } = await begin(subject);
      const session = new Session(stages.backend);
      const ids = Array.from({ length: 3 * SWEEP_BUDGET }, (_, index) => `job-${index}`);
      await session.enqueueAll(ids.map((id) => newJob(id, { queue: 'default', due: { in: 1 } })));
      await session.passed((await stages.backend.now()) + 1);
      await stages.popJob('default');
      expect(await stages.size('default')).toBe(ids.length - 1);
    });

    it('popJob: blocks until a job is pushed', async () => {
      const { stages } = await begin(subject);
      const popping = stages.popJob('default');
      await roundTrips(stages.backend);
      const id = await stages.pushJob(plain.job({ n: 1 }));
      expect((await popping).id).toBe(id);
    });

    it('popJob: ends in CanceledError when blockingTimeout passes', async () => {
      const { stages } = await begin(subject, { blockingTimeout: 50 });
      const start = performance.now();
      const error: unknown = await stages.popJob('default').catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CanceledError);
      expect(error).toMatchObject({ code: 'WINGMAN_CANCELED', reason: 'timeout' });
      expect(performance.now() - start).toBeGreaterThanOrEqual(49);
      // It takes nothing that comes later.
      await stages.pushJob(plain.job({ n: 1 }));
      expect(await stages.size('default')).toBe(1);
    });

    it('popJob: an abort ends it in CanceledError within a second', async () => {
      const { stages } = await begin(subject, { blockingTimeout: Number.POSITIVE_INFINITY });
      const stop = new AbortController();
      const popping = stages.popJob('default', { signal: stop.signal }).catch((thrown: unknown) => thrown);
      await roundTrips(stages.backend);
      const start = performance.now();
      stop.abort();
      const error = await popping;
      expect(performance.now() - start).toBeLessThan(1_000);
      expect(error).toBeInstanceOf(CanceledError);
      expect(error).toMatchObject({ code: 'WINGMAN_CANCELED', reason: 'aborted' });
      await stages.pushJob(plain.job({ n: 1 }));
      expect(await stages.size('default')).toBe(1);
    });

    it('popJob: takes nothing where its signal has aborted before', async () => {
      const { stages } = await begin(subject);
      await stages.pushJob(plain.job({ n: 1 }));
      const popping = stages.popJob('default', { signal: AbortSignal.abort() });
      await expect(popping).rejects.toBeInstanceOf(CanceledError);
      expect(await stages.size('default')).toBe(1);
    });

    it('popJob: gives each job to one of several that wait', async () => {
      const { stages } = await begin(subject);
      const popping = Promise.all([1, 2, 3].map(() => stages.popJob('default')));
      const ids: string[] = [];
      for (const n of [1, 2, 3]) ids.push(await stages.pushJob(plain.job({ n })));
      expect((await popping).map(({ id }) => id).sort()).toEqual(ids.sort());
    });

    it('popJob: a job whose process vanished comes back after its lease', async () => {
      const { stages, store } = await begin(subject);
      const stopped = { ...systemClock, sleep: () => new Promise<boolean>(() => {}) };
      const backend = subject.cannot.reopen === undefined ? await store.open() : stages.backend;
      // Its heart does not beat, as if it had been killed.
      const dying = new Stages(backend, { lease: 30 }, stopped);
      const id = await dying.pushJob(plain.job({ n: 1 }));
      const lost = await pop(dying, id);
      const again = await pop(stages, id);
      expect(again.attempt).toBe(1);
      expect(Number(again.token)).toBeGreaterThan(Number(lost.token));
      await expect(dying.failJob(lost)).rejects.toBeInstanceOf(StaleError);
      await stages.clearJob(again.id);
    });

    it('popJob: keeps every job of pops that began at the same time', async () => {
      const { stages } = await beginBeating(subject);
      for (const n of [1, 2, 3]) await stages.pushJob(plain.job({ n }));
      const jobs = await Promise.all(['default', 'default', 'default'].map((queue) => stages.popJob(queue)));
      await renewed(stages);
      for (const job of jobs) await stages.processJob(job);
    });

    it('popJob: keeps a job for as long as its process lives', async () => {
      const { stages } = await beginBeating(subject);
      const id = await stages.pushJob(plain.job({ n: 1 }));
      const job = await pop(stages, id);
      for (const _beat of [1, 2, 3]) await renewed(stages);
      await stages.processJob(job);
      await stages.clearJob(id);
    });
  });
}

/** Stages whose hearts beat a hundred times in a lease: a machine that halts for seconds must not cost one of them its jobs. */
async function beginBeating(subject: Subject): Promise<{ stages: Stages }> {
  const { stages } = await begin(subject);
  const hurried = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 33, signal) };
  const beating = new Stages(stages.backend, { lease: 10_000 }, hurried);
  onTestFinished(() => beating.close());
  return { stages: beating };
}

/** Resolves when the lease has been extended. */
async function renewed({ backend }: Stages): Promise<void> {
  const leaseEnd = async () => {
    const { workers } = await backend.stats();
    expect(workers).toHaveLength(1);
    return workers[0]?.leaseEnds ?? 0;
  };
  const before = await leaseEnd();
  while ((await leaseEnd()) <= before) await systemClock.sleep(5);
}

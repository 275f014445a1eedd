import { describe, expect, it, onTestFinished } from 'vitest';
import type { Subject } from '../subject.ts';
import { begin, plain, pop } from './begin.ts';

export function pushingSuite(subject: Subject): void {
  describe('init', () => {
    it('init: gives the stages over an open backend', async () => {
      const { stages } = await begin(subject);
      expect(stages.backend.kind).toBe(subject.name);
      expect(await stages.backend.now()).toBeGreaterThan(0);
    });

    it('init: refuses a blockingTimeout that makes no sense', async () => {
      for (const blockingTimeout of [0, -1, Number.NaN]) {
        const store = await subject.create();
        onTestFinished(() => store.dispose());
        await expect(store.init({ blockingTimeout })).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
      }
    });
  });

  describe('pushJob and pushInternalJob', () => {
    it('pushJob: wraps a job under a new id and appends it to its queue', async () => {
      const { stages } = await begin(subject);
      const first = await stages.pushJob(plain.job({ n: 1 }));
      const second = await stages.pushJob(plain.job({ n: 2 }));
      expect(first).not.toBe(second);
      expect(await stages.backend.list({ state: 'waiting', queue: 'default' }, 0, 10)).toEqual([first, second]);
    });

    it('pushJob: takes a job without a definition, with a queue and a lock of its own', async () => {
      const { stages } = await begin(subject);
      const lock = { key: 'k', concurrency: 2 };
      const id = await stages.pushJob({ type: 'loose', queue: 'loose', payload: [1], lock });
      expect((await stages.backend.find(id))?.job).toMatchObject({ queue: 'loose', payload: '[1]', locks: [lock] });
    });

    it('pushJob: a missing job is a clear error', async () => {
      const { stages } = await begin(subject);
      for (const missing of [undefined, null, 'job']) {
        const push = Reflect.apply(stages.pushJob, stages, [missing]);
        await expect(push).rejects.toMatchObject({
          code: 'WINGMAN_JOB_MISSING',
          message: expect.stringContaining('a job is needed'),
        });
      }
      await expect(stages.pushJob({ type: '', payload: null })).rejects.toMatchObject({
        code: 'WINGMAN_JOB_INVALID',
      });
      expect(await stages.size('default')).toBe(0);
    });

    it('pushJob: a payload that JSON cannot hold is refused and nothing is stored', async () => {
      const { stages } = await begin(subject);
      await expect(stages.pushJob({ type: 't', payload: 1n })).rejects.toMatchObject({
        code: 'WINGMAN_PAYLOAD_NOT_JSON',
      });
      const large = stages.pushJob({ type: 't', payload: 'x'.repeat(stages.backend.maxPayload) });
      await expect(large).rejects.toMatchObject({ code: 'WINGMAN_PAYLOAD_TOO_LARGE' });
      expect(await stages.size('default')).toBe(0);
    });

    it('pushInternalJob: takes a job that is wrapped already, in our form or in the original’s', async () => {
      const { stages } = await begin(subject);
      expect(await stages.pushInternalJob({ ...plain.job({ n: 1 }), id: 'ours' })).toBe('ours');
      const foreign = { ID: 'theirs', TypeName: 'plain', Job: { n: 2 }, Queue: 'default' };
      expect(await stages.pushInternalJob(foreign)).toBe('theirs');
      expect((await pop(stages, 'ours')).payload).toEqual({ n: 1 });
      expect(await pop(stages, 'theirs')).toMatchObject({ type: 'plain', payload: { n: 2 } });
    });

    it('pushInternalJob: an id that is in the books already changes nothing', async () => {
      const { stages } = await begin(subject);
      await stages.pushInternalJob({ ...plain.job({ n: 1 }), id: 'same' });
      await stages.pushInternalJob({ ...plain.job({ n: 2 }), id: 'same' });
      expect(await stages.size('default')).toBe(1);
      expect((await stages.peek('default'))?.payload).toEqual({ n: 1 });
    });

    it('pushInternalJob: a missing envelope is a clear error', async () => {
      const { stages } = await begin(subject);
      const push = Reflect.apply(stages.pushInternalJob, stages, [undefined]);
      await expect(push).rejects.toMatchObject({ code: 'WINGMAN_JOB_MISSING' });
      const noId = stages.pushInternalJob({ ...plain.job({ n: 1 }), id: '' });
      await expect(noId).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
    });
  });
}

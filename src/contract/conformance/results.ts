import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../core/envelope.ts';
import type { Backend } from '../backend.ts';
import { Caller } from '../call.ts';
import { begin, completed, HOUR, locks, newJob, retry } from './session.ts';
import type { Subject } from './subject.ts';

const keep = { for: HOUR, count: null };
const caller = new Caller(randomUUID());

function report(backend: Backend, job: ClaimedJob, progress: string) {
  return caller.call((call) => backend.results.report(call, [{ job, progress }]));
}

/** How a job stands by a look that has somebody told of all that happens to it afterwards. */
async function look(backend: Backend, id: string, every = true, watcher = 'w') {
  const [standing] = await backend.results.watch(watcher, [{ id, every }]);
  return standing;
}

export function resultsSuite(subject: Subject): void {
  describe('results', () => {
    it('are kept with the job that gave them, and gone with it', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a', { locks: locks(['k', 1]) }), newJob('b'));
      const text = JSON.stringify({ text: 'é\u2028\ud83d\ude00 \u0000 "\\', lone: '\ud800', big: 'x'.repeat(100_000) });
      await session.settle(await session.take(worker, 'a'), { kind: 'completed', keep, result: text });
      await session.settle(await session.take(worker, 'b'), { kind: 'completed', keep });
      expect(await backend.find('a')).toMatchObject({ state: 'completed', result: text });
      expect(await look(backend, 'a')).toEqual({ state: 'completed', result: text });
      expect(await backend.find('b')).not.toHaveProperty('result');
      expect(await look(backend, 'b')).toEqual({ state: 'completed' });
      await session.discard('a');
      expect(await look(backend, 'a')).toBeNull();
      // Another job of the same id has nothing of it.
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), { kind: 'completed', keep });
      expect(await backend.find('a')).not.toHaveProperty('result');
    });

    it('are not kept where the settlement is stale', async () => {
      const { session, backend } = await begin(subject);
      const [first, second] = [await session.worker(), await session.worker()];
      await session.enqueue(newJob('a'));
      const stale = await session.take(first, 'a');
      await session.vanish(first);
      const job = await session.take(second, 'a');
      const late = await session.settle(stale, { kind: 'completed', keep, result: '"late"' });
      expect(late.settled).toEqual(['stale']);
      await session.settle(job, { kind: 'completed', keep, result: '"right"' });
      expect(await backend.find('a')).toMatchObject({ result: '"right"' });
    });
  });

  describe('progress', () => {
    it('is what the run said last, and is gone with the job', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const job = await session.take(worker, 'a');
      expect(await backend.find('a')).not.toHaveProperty('progress');
      expect(await report(backend, job, '{"done":1}')).toEqual(['kept']);
      expect(await report(backend, job, '{"done":2}')).toEqual(['kept']);
      expect(await backend.find('a')).toMatchObject({ state: 'processing', progress: '{"done":2}' });
      expect(await look(backend, 'a')).toEqual({ state: 'processing', progress: '{"done":2}' });
      await session.settle(job, completed);
      // Nobody was told of the end, but this one had looked.
      expect(await look(backend, 'a')).toEqual({ state: 'completed', progress: '{"done":2}' });
      await session.enqueue(newJob('a'));
      expect(await backend.find('a')).not.toHaveProperty('progress');
    });

    it('of a job that nobody watches leaves nothing behind', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      for (const outcome of [completed, { kind: 'cancelled' } as const, { kind: 'dead', reason: 'why' } as const]) {
        await session.enqueue(newJob('a'));
        const job = await session.take(worker, 'a');
        await report(backend, job, '1');
        await session.settle(job, outcome);
        await session.enqueue(newJob('a'));
        expect(await backend.find('a')).not.toHaveProperty('progress');
        await session.cancel('a');
      }
    });

    it('stays through a retry, and with a job that is kept', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'), newJob('b'));
      const job = await session.take(worker, 'a');
      await report(backend, job, '"half"');
      await session.settle(job, retry(HOUR));
      expect(await backend.find('a')).toMatchObject({ state: 'scheduled', progress: '"half"' });
      const other = await session.take(worker, 'b');
      await report(backend, other, '"done"');
      await session.settle(other, { kind: 'completed', keep });
      expect(await backend.find('b')).toMatchObject({ state: 'completed', progress: '"done"' });
    });

    it('of a run that no longer owns its job is refused', async () => {
      const { session, backend } = await begin(subject);
      const [first, second] = [await session.worker(), await session.worker()];
      await session.enqueue(newJob('a'));
      const stale = await session.take(first, 'a');
      await session.vanish(first);
      expect(await report(backend, stale, '"lost"')).toEqual(['stale']);
      const job = await session.take(second, 'a');
      await report(backend, job, '"mine"');
      const both = [stale, job].map((each) => ({ job: each, progress: `"${each.token}"` }));
      expect(await caller.call((call) => backend.results.report(call, both))).toEqual(['stale', 'kept']);
      expect(await backend.find('a')).toMatchObject({ progress: `"${job.token}"` });
    });

    it('that is sent again does not come over what was said since', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(newJob('a'));
      const job = await session.take(worker, 'a');
      const call = { client: randomUUID(), sequence: 1, floor: 1 };
      await backend.results.report(call, [{ job, progress: '1' }]);
      await report(backend, job, '2');
      expect(await backend.results.report(call, [{ job, progress: '1' }])).toEqual(['kept']);
      expect(await backend.find('a')).toMatchObject({ progress: '2' });
    });
  });
}

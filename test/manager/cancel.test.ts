// Jobs that are cancelled while they run.

import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import { defineJob } from '../../src/core/job.ts';
import { happened, Latch, openStore, run, stores, storeUrl } from './stage.ts';

/** A manager, and a client with a handle of its own, as in another process. */
async function both(name: (typeof stores)[number], handler: Parameters<typeof run>[0]['handlers'][number]) {
  const url = await storeUrl(name);
  const backend = await openStore(url);
  const wingman = await connect(name === 'memory' ? { backend } : { url });
  onTestFinished(() => wingman.close());
  const { manager, log } = await run({ backend, handlers: [handler], concurrency: 2 });
  return { backend, wingman, manager, log };
}

test.each(stores)(
  'on %s a job that runs has its signal aborted within a second, and ends as cancelled',
  async (name) => {
    const type = defineJob({ type: 't', lock: () => ({ key: 'k', concurrency: 1 }) });
    const started = new Latch();
    const reasons: unknown[] = [];
    const handler = type.handle(async (_, { signal, attempt }) => {
      started.open();
      if (attempt > 1 || reasons.length > 0) return;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
      throw signal.reason;
    });
    const { backend, wingman, manager, log } = await both(name, handler);
    const { id } = await wingman.enqueue(type);
    const { id: next } = await wingman.enqueue(type);
    await started.opened;
    const begin = performance.now();
    expect(await wingman.cancel(id)).toBe('cancelling');
    const [event] = await happened(manager, 'cancelled');
    expect(performance.now() - begin).toBeLessThan(1_000);
    expect(event).toMatchObject({ id, type: 't', worker: manager.worker, attempt: 1 });
    expect(reasons).toEqual([expect.objectContaining({ code: 'WINGMAN_CANCELED', reason: 'cancelled' })]);
    expect(await wingman.get(id)).toBeNull();
    // Its lock is free.
    expect(await happened(manager, 'completed')).toMatchObject([{ id: next }]);
    expect((await backend.stats()).counters).toEqual({ successful: 1, failed: 0 });
    await expect.poll(() => log.of('job cancelled')).toMatchObject([{ job: id }]);
  },
);

test.each(stores)('on %s one that does not listen is abandoned, and one that completes has completed', async (name) => {
  const type = defineJob<{ deaf: boolean }>({ type: 't' });
  const [deafStarted, otherStarted, end] = [new Latch(), new Latch(), new Latch()];
  onTestFinished(() => end.open());
  const handler = type.handle(async ({ deaf }, { signal }) => {
    if (deaf) {
      deafStarted.open();
      await end.opened;
    } else {
      otherStarted.open();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
  });
  const { backend, wingman, manager } = await both(name, handler);
  const deaf = await wingman.enqueue(type, { deaf: true });
  const other = await wingman.enqueue(type, { deaf: false });
  await Promise.all([deafStarted.opened, otherStarted.opened]);
  expect(await wingman.cancel(other.id)).toBe('cancelling');
  expect(await happened(manager, 'completed')).toMatchObject([{ id: other.id }]);
  expect(await wingman.cancel(deaf.id)).toBe('cancelling');
  expect(await happened(manager, 'cancelled')).toMatchObject([{ id: deaf.id }]);
  expect((await backend.stats()).workers).toMatchObject([{ processing: 0 }]);
});

test.each(stores)('on %s what waits goes at once, and what is not there or has ended is told', async (name) => {
  const type = defineJob({ type: 't', retry: { attempts: 1 } });
  const handler = type.handle(() => {
    throw new Error('no');
  });
  const { wingman, manager } = await both(name, handler);
  const { id } = await wingman.enqueue(type, undefined, { delay: '1h' });
  expect(await wingman.cancel(id)).toBe('cancelled');
  expect(await wingman.get(id)).toBeNull();
  await expect(wingman.cancel(id)).rejects.toMatchObject({ code: 'WINGMAN_JOB_NOT_FOUND' });
  const failing = await wingman.enqueue(type);
  await happened(manager, 'failed');
  await expect(wingman.cancel(failing.id)).rejects.toMatchObject({
    code: 'WINGMAN_JOB_STATE',
    message: `job ${failing.id} has failed: there is nothing to cancel; see discard`,
  });
});

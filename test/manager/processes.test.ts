// Managers in processes of their own: stop signals, and a death without warning.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { defineJob } from '../../src/core/job.ts';
import { enqueue, happened, openStore, run, storeUrl } from './stage.ts';
import { Worker } from './worker-process.ts';

const slow = defineJob({ type: 'slow' });

test.each(['sqlite', 'redis'] as const)(
  'on %s a manager that stops takes its process with it at no moment',
  async (name) => {
    // A thread that is ended in the middle of a call into SQLite would.
    const words = [join(import.meta.dirname, 'restarts.mjs'), await storeUrl(name), '15'];
    const { stderr } = await promisify(execFile)(process.execPath, words);
    expect(stderr).toBe('');
  },
);

describe.each(['sqlite', 'redis'] as const)('on %s', (name) => {
  test('the first stop signal lets running jobs finish, and the process ends by itself', async () => {
    const url = await storeUrl(name);
    const backend = await openStore(url);
    const [, second = ''] = await enqueue(backend, slow.job(), slow.job());
    const worker = new Worker(url, { concurrency: 1 });
    await worker.told('running');
    worker.child.kill('SIGTERM');
    expect(await worker.told('stopping')).toEqual([{ event: 'stopping', reason: 'SIGTERM' }]);
    worker.letHandlersEnd();
    await worker.told('ended');
    const { code, signal, log } = await worker.ended();
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(log.map(({ msg }) => msg)).toEqual([
      'manager started',
      'manager stopping: no more jobs are claimed, running ones may finish',
      'job completed',
      'manager stopped',
    ]);
    expect((await backend.stats()).counters.successful).toBe(1);
    expect(await backend.find(second)).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 0 } });
  });

  test('the second stop signal hands everything back at once, says what, and the process dies by it', async () => {
    const url = await storeUrl(name);
    const backend = await openStore(url);
    const ids = await enqueue(backend, slow.job(), slow.job());
    const worker = new Worker(url, { concurrency: 2, grace: '10m' });
    await worker.told('running', 2);
    worker.child.kill('SIGINT');
    await worker.told('stopping');
    const before = performance.now();
    worker.child.kill('SIGTERM');
    const { code, signal, log } = await worker.ended();
    expect(performance.now() - before).toBeLessThan(2_000);
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
    const line = log.find(({ msg }) => msg === 'manager ended at once: running jobs are handed back');
    expect(line).toMatchObject({ level: 40, signal: 'SIGTERM', jobs: ids.map((id) => ({ id, type: 'slow' })) });
    for (const id of ids) {
      expect(await backend.find(id)).toMatchObject({ state: 'waiting', job: { attempts: 0, crashes: 0 } });
    }
  });

  test('what a process owned that was killed runs again elsewhere, and uses no attempt', async () => {
    const url = await storeUrl(name);
    const backend = await openStore(url);
    const ids = await enqueue(backend, slow.job(), slow.job());
    const worker = new Worker(url, { concurrency: 2, lease: 1_000, heartbeat: 200 });
    const [started] = await worker.told('started');
    await worker.told('running', 2);
    worker.child.kill('SIGKILL');
    await worker.ended();

    const attempts: [string, number][] = [];
    const handler = slow.handle((_, { id, attempt }) => void attempts.push([id, attempt]));
    const { manager } = await run({ backend, handlers: [handler] });
    const reclaimed = await happened(manager, 'reclaimed', 2);
    await happened(manager, 'completed', 2);
    expect(reclaimed.map(({ worker }) => worker)).toEqual([started?.worker, started?.worker]);
    expect(attempts.sort()).toEqual(ids.map((id) => [id, 1]).sort());
  });
});

// One process waits for what another one runs.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { connect } from '../../src/client/connect.ts';
import type { Wingman } from '../../src/client/wingman.ts';
import { defineJob } from '../../src/core/job.ts';
import { storeUrl } from '../manager/stage.ts';
import { Worker } from '../manager/worker-process.ts';

const root = join(import.meta.dirname, '../..');
const answering = join(import.meta.dirname, 'answering.mjs');
const answer = defineJob({
  type: 'answer',
  input: z.number(),
  output: z.object({ answer: z.number(), by: z.number() }),
});

test('a rejection that nobody heeds ends the process, as any other does', async () => {
  const script = `
    import { connect, defineJob } from ${JSON.stringify(pathToFileURL(join(root, 'dist/index.js')))};
    const type = defineJob({ type: 't', unique: { key: () => 'k', while: 'waiting', onConflict: 'reject' } });
    const wingman = await connect('memory:');
    await wingman.enqueue(type);
    wingman.enqueue(type);
    setInterval(() => undefined, 1_000);
  `;
  const ended = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { timeout: 20_000 });
  await expect(ended).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('WINGMAN_JOB_CONFLICT') });
});

async function client(url: string): Promise<Wingman> {
  const wingman = await connect(url);
  onTestFinished(() => wingman.close());
  return wingman;
}

describe.each(['sqlite', 'redis'] as const)('on %s', (name) => {
  test('what one process enqueues and another runs, a third gets', async () => {
    const url = await storeUrl(name);
    const [wingman, other] = [await client(url), await client(url)];
    const job = await wingman.enqueue(answer, 21);
    const results = [job.result(), other.job(answer, job.id).result()];
    const updates = other.job(job.id).events();
    expect(await updates.next()).toMatchObject({ value: { event: 'state', state: 'waiting' } });
    const worker = new Worker(url, {}, answering);
    await worker.told('running');
    await expect.poll(() => other.job(job.id).progress()).toEqual({ by: worker.child.pid });
    worker.letHandlersEnd();
    const result = { answer: 42, by: worker.child.pid };
    expect(await Promise.all(results)).toEqual([result, result]);
    const rest: unknown[] = [];
    for await (const update of updates) rest.push(update);
    expect(rest.at(-1)).toEqual({ event: 'end', state: 'completed' });
    expect(rest).toContainEqual({ event: 'progress', progress: { by: worker.child.pid } });
  });

  test('a worker that is killed gives no result, and the next one does', async () => {
    const url = await storeUrl(name);
    const wingman = await client(url);
    const job = await wingman.enqueue(answer, 4);
    const result = job.result({ timeout: '1m' });
    const first = new Worker(url, { lease: 1_000, heartbeat: 200 }, answering);
    await first.told('running');
    first.child.kill('SIGKILL');
    await first.ended();
    const second = new Worker(url, { lease: 1_000, heartbeat: 200 }, answering);
    await second.told('running');
    second.letHandlersEnd();
    expect(await result).toEqual({ answer: 8, by: second.child.pid });
    expect(await job.status()).toMatchObject({ state: 'completed', crashes: 0, attempts: 0 });
  });
});

// Waiting for results on Redis: what a network or a server may do meanwhile, and what is left in the server.

import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { connect } from '../../../src/client/connect.ts';
import type { JobHandle } from '../../../src/client/job-handle.ts';
import type { Backend } from '../../../src/contract/backend.ts';
import { Caller } from '../../../src/contract/call.ts';
import { completed, newJob, type Session } from '../../../src/contract/conformance/session.ts';
import { defineJob } from '../../../src/core/job.ts';
import { proxyOf, server, store } from './stage.ts';

const answer = defineJob({ type: 'test', output: z.number() });
const keep = { for: 3_600_000, count: null };

/** A client behind a proxy, and a worker that is not. */
async function begin() {
  const target = await server();
  const proxy = await proxyOf(target);
  const prefix = randomUUID();
  const { session } = await store({ url: target.url, prefix });
  const { backend } = await store({ url: proxy.url, prefix });
  const wingman = await connect(backend);
  onTestFinished(() => wingman.close());
  const worker = await session.worker();
  const give = async (id: string, result: number): Promise<void> => {
    const [job] = await session.claim(worker, 1);
    if (job?.id !== id) throw new Error(`${id} should have come up`);
    await session.settle(job, { kind: 'completed', keep, result: String(result) });
  };
  return { target, proxy, prefix, session, wingman, worker, give };
}

/** Resolves when the server knows that the job is watched. */
async function isWatched(job: JobHandle<number>): Promise<void> {
  const events = job.events();
  await events.next();
  await events.return?.();
}

describe('a result comes', () => {
  test('though the connections are cut while it is waited for', async () => {
    const { proxy, session, wingman, give } = await begin();
    await session.enqueue(newJob('a'));
    const job = wingman.job(answer, 'a');
    const result = job.result();
    await isWatched(job);
    proxy.down();
    await give('a', 7);
    proxy.heal();
    const start = performance.now();
    expect(await result).toBe(7);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test('though replies are lost on the way', async () => {
    const { proxy, session, wingman, give } = await begin();
    await session.enqueue(newJob('a'));
    const dropping = proxy.dropReplies({ command: 'watch' });
    const job = wingman.job(answer, 'a');
    const result = job.result();
    await isWatched(job);
    expect(dropping.dropped).toBe(1);
    const again = proxy.dropReplies({ command: 'watch' });
    await give('a', 8);
    expect(await result).toBe(8);
    expect(again.dropped).toBe(1);
  });

  test('though the connections fall silent, or the server forgets who watches', { timeout: 60_000 }, async () => {
    const { target, proxy, prefix, session, wingman, give } = await begin();
    await session.enqueue(newJob('a'), newJob('b'));
    const silent = wingman.job(answer, 'a');
    const results = [silent.result(), wingman.job(answer, 'b').result()];
    await isWatched(silent);
    proxy.silence();
    await target.cli('DEL', `${prefix}:watched`, `${prefix}:watchers:b`);
    await give('a', 1);
    await give('b', 2);
    proxy.heal();
    const start = performance.now();
    expect(await Promise.all(results)).toEqual([1, 2]);
    expect(performance.now() - start).toBeLessThan(25_000);
  });
});

describe('in the server', () => {
  const keysOf = async (cli: (...words: string[]) => Promise<string>, prefix: string): Promise<string[]> =>
    (await cli('KEYS', `${prefix}:*`)).split('\n').filter((key) => key !== '');

  test('nothing stays of what was watched and is gone but what expires', async () => {
    const { target, prefix, session, wingman, worker } = await begin();
    await session.enqueue(newJob('plain'), newJob('kept'));
    const handles = ['plain', 'kept'].map((id) => wingman.job(answer, id));
    const results = Promise.allSettled(handles.map((job) => job.result()));
    for (const job of handles) await isWatched(job);
    const jobs = await session.claim(worker, 2);
    await report(session.backend, jobs);
    await session.exchange(
      worker,
      jobs.map((job) => ({ job, outcome: job.id === 'kept' ? { ...completed, keep, result: '1' } : completed })),
    );
    await results;
    await session.discard('kept');
    const names = (await keysOf(target.cli, prefix)).map((key) => key.slice(prefix.length + 1)).sort();
    const lasting = names.filter((name) => /^(result|progress|watch|news|told|ended)/.test(name));
    for (const name of lasting) {
      expect([name, Number(await target.cli('PTTL', `${prefix}:${name}`)) > 0]).toEqual([name, true]);
    }
    expect(lasting).not.toContain('progress');
    expect(lasting).not.toContain('result:kept');
  });

  test('all waits of a client have one connection, beside that of its calls', async () => {
    const { target, session, wingman } = await begin();
    const connections = async (): Promise<number> => {
      const lines = (await target.cli('CLIENT', 'LIST')).split('\n');
      return lines.filter((line) => line !== '' && !line.includes('cmd=client|list')).length;
    };
    const before = await connections();
    const ids = Array.from({ length: 1_000 }, (_, index) => `job-${index}`);
    await session.enqueue(...ids.map((id) => newJob(id)));
    const results = ids.map((id) => wingman.job(answer, id).result());
    const settled = Promise.allSettled(results);
    await isWatched(wingman.job(answer, 'job-999'));
    expect(await connections()).toBe(before + 1);
    await wingman.close();
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  });

  test('a job that nobody watches costs not one command more, and few for all of them where another is watched', async () => {
    const { target, prefix, session, wingman, worker } = await begin();
    const commands = async (): Promise<number> => {
      const jobs = Array.from({ length: 100 }, (_, index) => newJob(`job-${index}`));
      await session.enqueue(...jobs);
      await target.cli('CONFIG', 'RESETSTAT');
      const claimed = await session.claim(worker, 100);
      await session.exchange(
        worker,
        claimed.map((job) => ({ job, outcome: completed })),
      );
      const stats = await target.cli('INFO', 'commandstats');
      const counts = [...stats.matchAll(/^cmdstat_(?!config|info|evalsha|client)\S*:calls=(\d+)/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    // Two exchanges of a hundred jobs: what is watched elsewhere is asked for once in each.
    const unwatched = await commands();
    expect(unwatched).toBeLessThan(50);
    await session.enqueue(newJob('watched', { queue: 'other' }));
    await isWatched(wingman.job(answer, 'watched'));
    expect(await keysOf(target.cli, prefix)).toContain(`${prefix}:watched`);
    // Now it is asked for all of an exchange at once whether they are watched: at their claim and at their end.
    const watchedElsewhere = await commands();
    expect(watchedElsewhere).toBeGreaterThan(unwatched);
    expect(watchedElsewhere).toBeLessThan(100);
  });
});

async function report(backend: Backend, jobs: Awaited<ReturnType<Session['claim']>>): Promise<void> {
  const reports = jobs.map((job) => ({ job, progress: '"x"' }));
  await new Caller(randomUUID()).call((call) => backend.results.report(call, reports));
}

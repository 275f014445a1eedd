import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect, defineJob, type Wingman } from '../../src/index.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';

const MINUTE = 60_000;
const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));

// The same types as in jobs.mjs: the workers run what is built, the application what is written.
const count = defineJob<{ n: number }>({ type: 'test.count', queue: 'counting' });
const step = defineJob<{ key: string; n: number }>({
  type: 'test.step',
  queue: 'steps',
  lock: ({ key }) => ({ key, concurrency: 1 }),
});

let server: RedisServer;
let folder: string;
let workers: ChildProcess[];
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wingman-acceptance-'));
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map(stop));
  await server.cli('FLUSHALL');
  await rm(folder, { recursive: true, force: true });
});

async function startWorkers(url: string, processes: number, concurrency: number): Promise<void> {
  for (let index = 0; index < processes; index += 1) {
    const worker = spawn(process.execPath, [WORKER, url, outputOf(index), String(concurrency)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    workers.push(worker);
    await once(worker.stdout, 'data');
  }
}

function outputOf(index: number): string {
  return join(folder, `worker-${index}.txt`);
}

async function stop(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGTERM');
  await once(worker, 'exit');
}

async function untilDone(wingman: Wingman, jobs: number): Promise<void> {
  await expect.poll(async () => (await wingman.stats()).counters.successful, { timeout: 3 * MINUTE }).toBe(jobs);
}

async function linesOf(processes: number): Promise<string[][]> {
  const files = await Promise.all(
    Array.from({ length: processes }, (_, index) => readFile(outputOf(index), 'utf8').catch(() => '')),
  );
  return files.map((text) => text.split('\n').filter((line) => line !== ''));
}

describe.each(['sqlite', 'redis'])('two managers in two processes on one %s', (kind) => {
  test('run 10,000 jobs, none twice and none lost', { timeout: 4 * MINUTE }, async () => {
    const url = kind === 'redis' ? server.url : `sqlite:${join(folder, 'jobs.db')}`;
    const jobs = 10_000;
    const wingman = await connect(url);
    await startWorkers(url, 2, 50);
    await wingman.enqueueMany(
      count,
      Array.from({ length: jobs }, (_, n) => ({ n })),
    );
    await untilDone(wingman, jobs);
    const runs = await linesOf(2);
    expect(runs.flat()).toHaveLength(jobs);
    expect(new Set(runs.flat()).size).toBe(jobs);
    // Both took part, or this would be no test of sharing.
    expect(Math.min(...runs.map(({ length }) => length))).toBeGreaterThan(0);
    expect(await wingman.stats()).toMatchObject({ scheduled: 0, failed: 0, parked: 0, dead: 0 });
    await wingman.close();
  });
});

test('1,000 lock keys, 20,000 jobs, four processes: no two of a key overlap, all run, in order', {
  timeout: 5 * MINUTE,
}, async () => {
  const keys = 1_000;
  const jobsPerKey = 20;
  const wingman = await connect(server.url);
  await startWorkers(server.url, 4, 50);
  await wingman.enqueueMany(
    step,
    Array.from({ length: keys * jobsPerKey }, (_, job) => ({ key: `key-${job % keys}`, n: Math.floor(job / keys) })),
  );
  await untilDone(wingman, keys * jobsPerKey);
  await wingman.close();

  const runs = (await linesOf(4)).flat().map((line) => {
    const [key = '', n, start = '', end = ''] = line.split(' ');
    return { key, n: Number(n), start: BigInt(start), end: BigInt(end) };
  });
  const byKey = groupByKey(runs);
  expect(byKey.size).toBe(keys);
  let overlaps = 0;
  for (const ofKey of byKey.values()) {
    ofKey.sort((a, b) => (a.start < b.start ? -1 : 1));
    expect(ofKey.map(({ n }) => n)).toEqual(Array.from({ length: jobsPerKey }, (_, n) => n));
    ofKey.forEach((run, at) => {
      const before = ofKey[at - 1];
      if (before !== undefined && before.end > run.start) overlaps += 1;
    });
  }
  expect(overlaps).toBe(0);
});

interface Run {
  readonly key: string;
  readonly n: number;
  readonly start: bigint;
  readonly end: bigint;
}

function groupByKey(runs: readonly Run[]): Map<string, Run[]> {
  const byKey = new Map<string, Run[]>();
  for (const run of runs) {
    const group = byKey.get(run.key) ?? [];
    group.push(run);
    byKey.set(run.key, group);
  }
  return byKey;
}

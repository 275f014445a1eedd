// Limits over several processes, by what the server sees. WINGMAN_FULL=1 takes ten times as many jobs.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connect, defineJob, type Wingman } from '../../src/index.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';

const MINUTE = 60_000;
const WORKER = fileURLToPath(new URL('./limits-worker.mjs', import.meta.url));
const SCALE = process.env.WINGMAN_FULL === '1' ? 10 : 1;

// The same types as in limits-jobs.mjs: the workers run what is built, the application what is written.
const TENANT_LIMIT = 2;
const HOST_LIMIT = 5;
const fetchPage = defineJob<{ tenant: number; host: number }>({
  type: 'test.page',
  queue: 'pages',
  lock: ({ tenant, host }) => [
    { key: `tenant ${tenant}`, concurrency: TENANT_LIMIT },
    { key: `host ${host}`, concurrency: HOST_LIMIT },
  ],
});
const RATE = { limit: 50, per: '1s', burst: 3 };
const paced = defineJob<{ key: string }>({ type: 'test.paced', queue: 'paced', rate: ({ key }) => ({ key, ...RATE }) });

let server: RedisServer;
let workers: ChildProcess[] = [];
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(workers.map(stop));
  workers = [];
  await server.cli('FLUSHALL');
});

async function startWorkers(processes: number, concurrency: number): Promise<void> {
  for (let index = 0; index < processes; index += 1) {
    const words = [WORKER, server.url, String(concurrency)];
    const worker = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    workers.push(worker);
    await once(worker.stdout, 'data');
  }
}

async function stop(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGTERM');
  await once(worker, 'exit');
}

async function untilDone(wingman: Wingman, jobs: number): Promise<void> {
  await expect.poll(async () => (await wingman.stats()).counters.successful, { timeout: 4 * MINUTE }).toBe(jobs);
}

/** A hash of the server as numbers by field. */
async function hash(key: string): Promise<Map<string, number>> {
  const lines = (await server.cli('HGETALL', key)).split('\n');
  const pairs = Array.from({ length: lines.length / 2 }, (_, at) => [lines[2 * at], lines[2 * at + 1]] as const);
  return new Map(pairs.map(([field = '', value]) => [field, Number(value)]));
}

test('tenants × hosts with two locks each, four processes: no limit is exceeded, and all end', {
  timeout: 5 * MINUTE,
}, async () => {
  const [tenants, hosts, jobs] = [40, 25, 5_000 * SCALE];
  const wingman = await connect(server.url);
  await startWorkers(4, 25);
  await wingman.enqueueMany(
    fetchPage,
    // Every tenant with every host, and never in the order in which their keys come free.
    Array.from({ length: jobs }, (_, job) => ({ tenant: job % tenants, host: (job * 7 + (job >> 5)) % hosts })),
  );
  await untilDone(wingman, jobs);
  const stats = await wingman.stats();
  expect(stats).toMatchObject({ scheduled: 0, failed: 0, parked: 0, dead: 0 });
  expect(stats.queues.map(({ waiting, held }) => waiting + held)).toEqual([0]);
  await wingman.close();

  const most = await hash('most');
  expect(most.size).toBe(tenants + hosts);
  for (const [key, running] of most) {
    expect(running, key).toBeLessThanOrEqual(key.startsWith('tenant') ? TENANT_LIMIT : HOST_LIMIT);
  }
  // Some limit was met, or this would be no test of it.
  expect([...most.values()].filter((running) => running >= TENANT_LIMIT).length).toBeGreaterThan(tenants / 2);
  expect([...(await hash('running')).values()].filter((running) => running !== 0)).toEqual([]);
  expect(Number(await server.cli('GET', 'begun'))).toBe(jobs);
});

test('rates hold over three processes, by the time of the server', { timeout: 2 * MINUTE }, async () => {
  const [keys, jobsPerKey] = [3, 60 * SCALE];
  const wingman = await connect(server.url);
  await startWorkers(3, 10);
  await wingman.enqueueMany(
    paced,
    Array.from({ length: keys * jobsPerKey }, (_, job) => ({ key: `key-${job % keys}` })),
  );
  await untilDone(wingman, keys * jobsPerKey);
  await wingman.close();
  const interval = 1_000 / RATE.limit;
  for (let key = 0; key < keys; key += 1) {
    const listed = await server.cli('LRANGE', `starts key-${key}`, '0', '-1');
    const starts = listed.split('\n').map((start) => Number(start) / 1_000);
    expect(starts).toHaveLength(jobsPerKey);
    // A handler begins at some moment after its claim: what it measures may be late by a little, and never early.
    const late = 150;
    for (const [first, from] of starts.entries()) {
      const to = starts[first + 20];
      if (to !== undefined) expect(to - from).toBeGreaterThanOrEqual((21 - RATE.burst) * interval - late);
    }
    const whole = (starts.at(-1) ?? 0) - (starts[0] ?? 0);
    expect(whole).toBeGreaterThanOrEqual((jobsPerKey - RATE.burst) * interval - late);
  }
});

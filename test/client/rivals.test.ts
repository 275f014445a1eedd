// Many processes want the same unique key at the same moment.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { EnqueuedJob } from '../../src/client/enqueued.ts';
import { startRedis } from '../harness/redis-server.ts';

const RIVAL = join(import.meta.dirname, 'rival.mjs');
const PROCESSES = 8;
const ROUNDS = 25;

/** A process that enqueues a job for each key it is told. */
async function rival(url: string) {
  const child = spawn(process.execPath, [RIVAL, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('a rival has ended too early');
    return value;
  };
  await next();
  // What is written to one that was killed is lost, and no error of the test's.
  child.stdin.on('error', () => undefined);
  return {
    kill,
    want: (key: string) => child.stdin.write(`${key}\n`),
    told: async (): Promise<Pick<EnqueuedJob, 'id' | 'outcome'>> => JSON.parse(await next()),
  };
}

async function urlOf(kind: 'sqlite' | 'redis'): Promise<string> {
  if (kind === 'redis') {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    return server.url;
  }
  const folder = await mkdtemp(join(tmpdir(), 'wingman-rivals-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return `sqlite:${join(folder, 'jobs.db')}`;
}

test.each(['redis', 'sqlite'] as const)('of 8 processes one gets the key, on %s', { timeout: 60_000 }, async (kind) => {
  const url = await urlOf(kind);
  await using wingman = await connect(url);
  const rivals = await Promise.all(Array.from({ length: PROCESSES }, () => rival(url)));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { want } of rivals) want(`round-${round}`);
    const told = await Promise.all(rivals.map((each) => each.told()));
    expect(told.map(({ outcome }) => outcome).sort()).toEqual([
      'enqueued',
      ...Array.from({ length: PROCESSES - 1 }, () => 'kept'),
    ]);
    // All know the same job, and that is the one which was enqueued.
    expect(new Set(told.map(({ id }) => id))).toEqual(
      new Set([told.find(({ outcome }) => outcome === 'enqueued')?.id]),
    );
  }
  expect(await wingman.size('default')).toBe(ROUNDS);
});

test.each(['redis', 'sqlite'] as const)('one that is killed leaves no key without its job, on %s', async (kind) => {
  const url = await urlOf(kind);
  await using wingman = await connect(url);
  for (let round = 0; round < 3; round += 1) {
    const doomed = await rival(url);
    for (let n = 0; n < 500; n += 1) doomed.want(`${round}-${n}`);
    for (let told = 0; told < 20 + round; told += 1) await doomed.told();
    await doomed.kill();
  }
  const jobs = await wingman.list({ state: 'waiting', queue: 'default' }, { limit: 2_000 });
  expect(jobs.length).toBeGreaterThanOrEqual(63);
  const keys = new Map(jobs.map(({ id, unique }) => [unique?.key, id]));
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 500; n += 1) {
      const key = `${round}-${n}`;
      expect((await wingman.standing('build', key))?.id).toBe(keys.get(key));
    }
  }
});

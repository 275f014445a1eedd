import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { project, wingman } from './command.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru');
});
afterAll(() => server.stop());

test('the doctor says what a SQLite file promises, and ends with 0 where nothing is amiss', async () => {
  // Temporary files may be in memory, which it would say: on a disk is what is beside the dependencies.
  const caches = join(import.meta.dirname, '../../node_modules/.cache');
  await mkdir(caches, { recursive: true });
  const disk = await mkdtemp(join(caches, 'doctor-'));
  onTestFinished(() => rm(disk, { recursive: true }));
  const backend = ['--backend', `sqlite:${join(disk, 'wingman.db')}`];
  const folder = await project();
  await wingman(folder, ['enqueue', 'greet', ...backend]);
  const { code, stdout, stderr } = await wingman(folder, ['doctor', ...backend]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^sqlite:.*wingman\.db$/m);
  expect(stdout).toMatch(/^ok {4}journal/m);
  expect(code).toBe(0);
});

test('a server that may delete jobs is told what to change, in words and as JSON, and the doctor ends with 1', async () => {
  const folder = await project();
  const { code, stdout } = await wingman(folder, ['doctor', '--backend', server.url]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAIL {2}.*allkeys-lru/m);
  expect(stdout).toMatch(/^ +→ .*noeviction/m);
  const json = await wingman(folder, ['doctor', '--json', '--backend', server.url]);
  const { findings } = JSON.parse(json.stdout);
  expect(findings).toContainEqual(
    expect.objectContaining({ level: 'fail', found: expect.stringContaining('allkeys-lru') }),
  );
});

test('where there is no file there is nothing to diagnose', async () => {
  const folder = await project();
  const { code, stderr } = await wingman(folder, ['doctor']);
  expect(code).toBe(1);
  expect(stderr).toContain('there is no file wingman.db yet');
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBackend } from '../../src/backends/open.ts';
import type { JobView } from '../../src/contract/backend.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { project, start, wingman } from './command.ts';
import { INVOICE, JOBS, WORKER } from './files.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis('--requirepass', 'hunter2');
});
afterAll(() => redis.stop());

/** A job as it stands in the books of a project's default backend. */
async function find(folder: string, id: string): Promise<JobView | null> {
  const backend = await openBackend(`sqlite:${folder}/wingman.db`);
  try {
    return await backend.find(id.trim());
  } finally {
    await backend.close();
  }
}

test('a type that is defined has its queue and locks from there', async () => {
  const folder = await project({ 'jobs.ts': JOBS, 'worker.ts': WORKER });
  for (const file of ['jobs.ts', 'worker.ts']) {
    const { code, stdout, stderr } = await wingman(folder, ['enqueue', 'invoice.send', INVOICE, '--from', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const locks = [{ key: 'tenant:acme', concurrency: 2 }];
    expect(await find(folder, stdout)).toMatchObject({ job: { type: 'invoice.send', queue: 'billing', locks } });
  }
});

test("the config file's modules define types; one that none of them has is raw", async () => {
  const config = "export default { modules: ['./jobs.ts'] };";
  const folder = await project({ 'jobs.ts': JOBS, 'wingman.config.ts': config });
  const { stdout } = await wingman(folder, ['enqueue', 'invoice.send', INVOICE]);
  expect(await find(folder, stdout)).toMatchObject({ job: { queue: 'billing' } });
  const raw = await wingman(folder, ['enqueue', 'other', '{}']);
  expect(await find(folder, raw.stdout)).toMatchObject({ job: { type: 'other', queue: 'default', locks: null } });
});

test('an input that the schema refuses: each path and reason, and nothing is enqueued', async () => {
  const folder = await project({ 'jobs.ts': JOBS });
  const { code, stderr, stdout } = await wingman(folder, [
    'enqueue',
    'invoice.send',
    '{"tenant":7}',
    '--from',
    'jobs.ts',
  ]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('(WINGMAN_INPUT_INVALID)');
  expect(stderr).toMatch(/^ {2}tenant: .*string/m);
  expect(stderr).toMatch(/^ {2}invoice: .*string/m);
  expect(JSON.parse((await wingman(folder, ['stats', '--json'])).stdout).queues).toEqual([]);
});

test('a raw job has the queue, the locks, the id and the due time that are given', async () => {
  const folder = await project();
  const locks = ['--lock', 'tenant:a=b=2', '--lock', 'disk=1'];
  const words = ['enqueue', 'mail', '{"to":"ada"}', '--queue', 'mails', ...locks, '--id', 'mail-1'];
  const { stdout } = await wingman(folder, [...words, '--at', '2100-01-01T00:00:00Z', '--json']);
  expect(JSON.parse(stdout)).toEqual({ id: 'mail-1', type: 'mail', queue: 'mails', outcome: 'enqueued' });
  const expected = [
    { key: 'disk', concurrency: 1 },
    { key: 'tenant:a=b', concurrency: 2 },
  ];
  expect(await find(folder, 'mail-1')).toMatchObject({
    job: { payload: '{"to":"ada"}', locks: expected },
    state: 'scheduled',
    due: Date.parse('2100-01-01T00:00:00Z'),
  });
  await wingman(folder, ['enqueue', 'mail', '--id', 'mail-1']);
  expect(await find(folder, 'mail-1')).toMatchObject({ job: { payload: '{"to":"ada"}' } });
});

test('a job that is to be the only one with its key', async () => {
  const folder = await project();
  const enqueue = async (...words: string[]) =>
    wingman(folder, ['enqueue', 'report', '{}', '--unique', 'acme', ...words]);
  const first = (await enqueue('--unique-for', '1h')).stdout.trim();
  expect(await find(folder, first)).toMatchObject({ job: { extras: { unique: { key: 'acme', while: 3_600_000 } } } });
  const kept = { id: first, type: 'report', queue: 'default', outcome: 'kept' };
  expect(JSON.parse((await enqueue('--json')).stdout)).toEqual(kept);
  const rejected = await enqueue('--on-conflict', 'reject');
  expect(rejected).toMatchObject({ code: 1, stdout: '' });
  expect(rejected.stderr).toContain(`job ${first} of type 'report' stands`);
  expect(rejected.stderr).toContain('(WINGMAN_JOB_CONFLICT)');
  const replaced = JSON.parse((await enqueue('--on-conflict', 'replace', '--json')).stdout);
  expect(replaced).toMatchObject({ outcome: 'replaced', replaced: first });
  expect(await find(folder, first)).toBeNull();
});

test('a delay counts from now by the clock of the backend', async () => {
  const folder = await project();
  const { stdout } = await wingman(folder, ['enqueue', 'mail', '--delay', '5m']);
  const view = await find(folder, stdout);
  expect(view).toMatchObject({ state: 'scheduled', due: (view?.job.enqueuedAt ?? 0) + 300_000 });
});

test('a job has the priority, the deadline and the tags that are given', async () => {
  const folder = await project();
  const words = ['enqueue', 'mail', '--priority', '-7', '--tag', 'import-42', '--tag', 'b', '--deadline', '1h'];
  const { stdout } = await wingman(folder, words);
  const extras = { priority: -7, deadline: { in: 3_600_000 }, tags: ['import-42', 'b'] };
  expect(await find(folder, stdout)).toMatchObject({ job: { extras } });
  const dated = await wingman(folder, ['enqueue', 'mail', '--deadline', '2100-01-01T00:00:00Z']);
  const at = Date.parse('2100-01-01T00:00:00Z');
  expect(await find(folder, dated.stdout)).toMatchObject({ job: { extras: { deadline: { at } } } });
});

test.each([
  ['--priority', '1001', 'a whole number from -1000 to 1000; received 1001'],
  ['--priority', 'high', 'a whole number from -1000 to 1000'],
  ['--deadline', '0s', 'longer than 0'],
  ['--deadline', 'tomorrow', 'Give a number with its unit'],
  ['--tag', '', 'texts of 1 to 128 characters'],
])('%s %j is refused, and nothing is enqueued', async (flag, value, expected) => {
  const folder = await project();
  const { code, stdout, stderr } = await wingman(folder, ['enqueue', 'mail', flag, value]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(expected);
});

const ANSWER = `import { defineJob } from 'wingmanjs';
import { z } from 'zod';
export const answer = defineJob({ type: 'answer', input: z.number(), output: z.object({ answer: z.number() }), retry: { attempts: 1 } });
export const silent = defineJob({ type: 'silent' });
export const answering = answer.handle((n) => {
  if (n < 0) throw new Error('below zero');
  return { answer: 2 * n };
});
`;

test('--wait prints the result once the job has completed, and says why there is none', async () => {
  const folder = await project({ 'answer.ts': ANSWER });
  const enqueue = (...words: string[]) => wingman(folder, ['enqueue', ...words, '--from', 'answer.ts', '--wait']);
  expect(await enqueue('answer', '21', '--timeout', '1ms')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('(WINGMAN_RESULT_TIMEOUT)'),
  });
  start(folder, ['start', 'answer.ts']);
  expect(await enqueue('answer', '21')).toEqual({ code: 0, stdout: '{"answer":42}\n', stderr: '' });
  const both = await enqueue('answer', '4', '--json', '--id', 'mine');
  const mine = { id: 'mine', type: 'answer', queue: 'default', outcome: 'enqueued' };
  expect(JSON.parse(both.stdout)).toEqual({ ...mine, result: { answer: 8 } });
  const failed = await enqueue('answer', '-1');
  expect(failed).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('below zero') });
  expect(failed.stderr).toContain('(WINGMAN_JOB_FAILED)');
  // Nothing is enqueued that could not be waited for.
  expect(await enqueue('silent')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("'silent' keeps no results"),
  });
  expect(JSON.parse((await wingman(folder, ['stats', '--json'])).stdout).queues).toEqual([
    { queue: 'default', waiting: 0, held: 0 },
  ]);
});

test('the input may come from stdin', async () => {
  const folder = await project();
  const { stdout } = await wingman(folder, ['enqueue', 'mail', '-'], { input: '{\n  "to": "Åsa ☃"\n}\n' });
  expect(await find(folder, stdout)).toMatchObject({ job: { payload: '{"to":"Åsa ☃"}' } });
});

test('an input that is no JSON: the place where it stops being that', async () => {
  const folder = await project();
  const { code, stderr } = await wingman(folder, ['enqueue', 'mail', "{ 'to': 'ada' }"]);
  expect(code).toBe(2);
  expect(stderr).toContain('the input is not JSON: unexpected "\'" at position 3 (WINGMAN_PAYLOAD_NOT_JSON)\n');
  const piped = await wingman(folder, ['enqueue', 'mail', '-'], { input: '{\n  "to": ada\n}' });
  expect(piped.stderr).toContain(
    'unexpected "a" at line 2, column 9 (WINGMAN_PAYLOAD_NOT_JSON)\n    "to": ada\n          ^\n',
  );
});

test.each([
  ['of a type that is defined', ['invoice.send', '{}', '--from', 'jobs.ts', '--queue', 'x'], 'leave out --queue'],
  ['that is not waited for', ['invoice.send', '{}', '--timeout', '1s'], '--timeout is for --wait'],
  ['from a file that does not define it', ['other', '{}', '--from', 'jobs.ts'], "jobs.ts has no job type 'other'"],
])('flags that contradict a job %s are refused', async (_, words, expected) => {
  const { code, stderr } = await wingman(await project({ 'jobs.ts': JOBS }), ['enqueue', ...words]);
  expect(code).toBe(2);
  expect(stderr).toContain(expected);
});

test.each(['enqueue', 'stats'])('%s refuses a backend that ends with it', async (command) => {
  const words = command === 'enqueue' ? ['enqueue', 'mail'] : ['stats'];
  const { code, stderr } = await wingman(await project(), [...words, '--backend', 'memory:']);
  expect(code).toBe(1);
  expect(stderr).toContain('(WINGMAN_BACKEND_URL)');
});

test('an unknown backend URL is shown, without its password', async () => {
  const { code, stderr } = await wingman(await project(), ['enqueue', 'mail', '--backend', 'mysql://ada:hunter2@db/x']);
  expect(code).toBe(1);
  expect(stderr).toContain('mysql://ada:***@db/x');
  expect(stderr).toContain('(WINGMAN_BACKEND_URL)');
});

test('an unreachable Redis is named with host and port, and its password never', async () => {
  const stopped = await startRedis();
  await stopped.stop();
  const url = `redis://ada:hunter2@127.0.0.1:${stopped.port}`;
  const folder = await project({ 'worker.ts': `${JOBS}\nexport default sendInvoice.handle(() => {});` });
  for (const words of [['enqueue', 'mail'], ['stats'], ['start', 'worker.ts'], ['demo', '--dir', '.']]) {
    const { code, stdout, stderr } = await wingman(folder, words, { env: { WINGMAN_BACKEND: url, DEBUG: 'wingman' } });
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${stopped.port} cannot be reached`);
    expect(stderr).toContain('(WINGMAN_BACKEND_UNREACHABLE)');
    expect(stdout + stderr).not.toContain('hunter2');
  }
});

test('a Redis that refuses the password does not have it shown', async () => {
  const wrong = `redis://:hunter3@127.0.0.1:${redis.port}`;
  const { code, stderr } = await wingman(await project(), ['stats', '--backend', wrong]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/WRONGPASS.*\(WINGMAN_BACKEND_REFUSED\)/);
  expect(stderr).not.toContain('hunter');
  const right = `redis://:hunter2@127.0.0.1:${redis.port}`;
  const enqueued = await wingman(await project(), ['enqueue', 'mail', '--backend', right]);
  expect(enqueued).toMatchObject({ code: 0, stderr: '' });
  const seen = await wingman(await project(), ['stats', '--json', '--backend', right]);
  expect(seen.stdout).toContain('{"queue":"default","waiting":1,"held":0}');
  expect(seen.stdout).not.toContain('hunter');
});

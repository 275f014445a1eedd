import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { project, start, wingman } from './command.ts';
import { INVOICE, JOBS, WORKER } from './files.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** A worker for one job type that prints its input. */
function worker(type: string, before = 'export default'): string {
  return `import { defineJob } from 'wingmanjs';
    ${before} defineJob({ type: '${type}', queue: '${type}' }).handle(() => console.log('ran ${type}'));`;
}

/** The lines of a log, by their messages. */
function log(stdout: string): Map<unknown, Record<string, unknown>> {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return new Map(lines.map((line) => JSON.parse(line)).map((fields) => [fields.msg, fields]));
}

describe.each(['sqlite', 'redis'])('on %s', (kind) => {
  test('start runs what enqueue enqueued, and ends with 0 when it is told to stop', async () => {
    const folder = await project({ 'jobs.ts': JOBS, 'worker.ts': WORKER });
    const env: Record<string, string> = kind === 'redis' ? { WINGMAN_BACKEND: redis.url } : {};
    const enqueued = await wingman(folder, ['enqueue', 'invoice.send', INVOICE, '--from', 'jobs.ts'], { env });
    expect(enqueued).toMatchObject({ code: 0, stderr: '' });
    const manager = start(folder, ['start', 'worker.ts'], { env });
    await manager.prints('job completed');
    manager.signal('SIGTERM');
    const { code, stdout, stderr } = await manager.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('sent 42 to acme\n');
    const fields = { job: enqueued.stdout.trim(), type: 'invoice.send', queue: 'billing', lock: 'tenant:acme' };
    expect(log(stdout).get('job completed')).toMatchObject({ level: 30, ...fields, duration: expect.any(Number) });
  });
});

describe('modules', () => {
  test('handlers come from any export, lists, default exports, CommonJS, and several files', async () => {
    const folder = await project({
      'a.ts': worker('a'),
      'b.mjs': worker('b', 'export const whatever ='),
      'c.js': `${worker('c', 'const c =')}
        export const list = [[c], c];
        export { c as default };`,
      'd.cjs': `const { defineJob } = require('wingmanjs');
        module.exports = { d: defineJob({ type: 'd', queue: 'd' }).handle(() => console.log('ran d')) };`,
    });
    const types = ['a', 'b', 'c', 'd'];
    for (const type of types) await wingman(folder, ['enqueue', type, '--queue', type]);
    const manager = start(folder, ['start', 'a.ts', './b.mjs', 'c.js', 'd.cjs']);
    await Promise.all(types.map((type) => manager.prints(`ran ${type}\n`)));
    manager.signal('SIGINT');
    expect(await manager.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['is not there', {}, 'w.ts cannot be used: there is no such file'],
    ['throws', { 'w.ts': "throw new Error('no licence');" }, 'w.ts cannot be used: no licence'],
    ['does not parse', { 'w.ts': 'export const = 1;' }, 'w.ts cannot be used: '],
    ['imports what is not there', { 'w.ts': "import 'left-pad';" }, 'left-pad'],
    ['has no handler', { 'w.ts': 'export const a = 1;' }, 'w.ts cannot be used: it exports no handler'],
    [
      'has only a definition',
      { 'w.ts': "import { defineJob } from 'wingmanjs'; export const a = defineJob({ type: 'a' });" },
      'w.ts cannot be used: it exports no handler',
    ],
    [
      'has two handlers of a type',
      { 'w.ts': `${worker('a')} ${worker('a', 'export const b =').replace(/import.*;/, '')}` },
      "job type 'a' has two handlers, in w.ts",
    ],
  ])('a module that %s is an error with its name and the cause', async (_, files, expected) => {
    const { code, stdout, stderr } = await wingman(await project(files), ['start', 'w.ts']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(expected);
    expect(stderr).toContain('(WINGMAN_MODULE_INVALID)');
  });

  test('two files with a handler of one type are both named', async () => {
    const folder = await project({ 'a.ts': worker('same'), 'b.ts': worker('same') });
    const { stderr } = await wingman(folder, ['start', 'a.ts', 'b.ts']);
    expect(stderr).toContain('a.ts and b.ts');
  });

  test('what a module left open does not keep the process', async () => {
    const folder = await project({ 'w.ts': `${worker('a')}\nsetInterval(() => {}, 1000);` });
    const manager = start(folder, ['start', 'w.ts']);
    await manager.prints('manager started');
    manager.signal('SIGTERM');
    expect((await manager.ended).code).toBe(0);
  });
});

describe('settings', () => {
  const config = (fields: string): string => `export default ${fields};`;

  /** What a manager says of itself when it has started. */
  async function started(folder: string, args: string[], env: Record<string, string> = {}): Promise<unknown> {
    const manager = start(folder, ['start', ...args], { env });
    await manager.prints('manager started');
    manager.signal('SIGTERM');
    return log((await manager.ended).stdout).get('manager started');
  }

  test('a flag goes before the environment, that before the config file, and that before the default', async () => {
    const folder = await project({ 'worker.ts': worker('a') });
    const file = (name: string): string => expect.stringMatching(new RegExp(`/${name}$`));
    expect(await started(folder, ['worker.ts'])).toMatchObject({ backend: file('wingman.db'), concurrency: 10 });

    const configured = await project({
      'worker.ts': worker('a'),
      'wingman.config.ts': config(
        "{ backend: 'sqlite:config.db', concurrency: 3, queues: ['x', 'y'] } satisfies object",
      ),
    });
    const fields = { concurrency: 3, queues: ['x', 'y'] };
    expect(await started(configured, ['worker.ts'])).toMatchObject({ backend: file('config.db'), ...fields });
    const env = { WINGMAN_BACKEND: 'sqlite:environment.db' };
    expect(await started(configured, ['worker.ts'], env)).toMatchObject({ backend: file('environment.db'), ...fields });
    const flags = ['worker.ts', '--backend', 'sqlite:flag.db', '--concurrency', '7', '--queues', 'p=3,q=1'];
    const expected = { backend: file('flag.db'), concurrency: 7, queues: { p: 3, q: 1 } };
    expect(await started(configured, flags, env)).toMatchObject(expected);
  });

  test.each(['wingman.config.mts', 'wingman.config.js', 'wingman.config.mjs'])('%s is found as well', async (name) => {
    const folder = await project({ 'w.ts': worker('a'), [name]: config("{ modules: ['./w.ts'], concurrency: 2 }") });
    expect(await started(folder, [])).toMatchObject({ concurrency: 2, queues: { a: 1 } });
  });

  test('a config file may be named, and its modules are from its own folder', async () => {
    const elsewhere = await project({ 'w.ts': worker('a'), 'my.ts': config("{ modules: ['w.ts'], concurrency: 2 }") });
    expect(await started(await project(), ['--config', `${elsewhere}/my.ts`])).toMatchObject({ concurrency: 2 });
  });

  test.each([
    ['an unknown field', "{ quues: ['a'] }", "there is no field 'quues'; the fields are backend, queues"],
    ['no object', '42', 'its default export must be an object; received 42'],
    ['a backend that is no text', '{ backend: 1 }', "'backend' must be a URL; received 1"],
    ['queues that are none', '{ queues: { a: 0 } }', "'queues' must be names"],
    ['a concurrency that is none', '{ concurrency: 0.5 }', "'concurrency' must be a whole number"],
    ['modules that are none', "{ modules: 'w.ts' }", "'modules' must be a list of paths"],
  ])('a config file with %s is an error with the file and what is wrong', async (_, fields, expected) => {
    const folder = await project({ 'wingman.config.ts': config(fields) });
    const { code, stderr } = await wingman(folder, ['stats']);
    expect(code).toBe(1);
    expect(stderr).toContain(`wingman.config.ts: ${expected}`);
    expect(stderr).toContain('(WINGMAN_OPTION_INVALID)');
  });

  test('an error in the log is as it is kept with the job, with its causes', async () => {
    const folder = await project({
      'worker.ts': `import { defineJob } from 'wingmanjs';
        export default defineJob({ type: 'bad', retry: { attempts: 1 } }).handle(() => {
          throw new TypeError('no', { cause: new Error('deep') });
        });`,
    });
    await wingman(folder, ['enqueue', 'bad']);
    const manager = start(folder, ['start', 'worker.ts']);
    await manager.prints('job failed');
    manager.signal('SIGTERM');
    expect(log((await manager.ended).stdout).get('job failed')?.err).toEqual({
      ...{ name: 'TypeError', message: 'no', stack: expect.stringMatching(/^TypeError: no\n/) },
      cause: { name: 'Error', message: 'deep' },
    });
  });

  test('the log level is the lowest that is logged', async () => {
    const folder = await project({ 'worker.ts': worker('a') });
    await wingman(folder, ['enqueue', 'a', '--queue', 'a']);
    const manager = start(folder, ['start', 'worker.ts', '--log-level', 'warn']);
    await manager.prints('ran a');
    manager.signal('SIGTERM');
    expect(await manager.ended).toEqual({ code: 0, stdout: 'ran a\n', stderr: '' });
  });
});

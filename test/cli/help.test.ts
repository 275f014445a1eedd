import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { project, run, wingman } from './command.ts';

const COMMANDS = [
  ...['start', 'enqueue', 'stats', 'doctor', 'demo'],
  ...['schedules', 'schedules list', 'schedules pause', 'schedules resume', 'schedules run', 'schedules remove'],
  ...['cancel', 'failed', 'failed list', 'failed retry', 'failed discard'],
];

/** The lines of a help text's example, as they would be copied. */
function exampleIn(help: string): string {
  const [, example] = /^Examples?:[^\n]*\n\n([\s\S]*)$/m.exec(help) ?? [];
  if (example === undefined) throw new Error(`no example in:\n${help}`);
  return example;
}

test.each(['', ...COMMANDS])('wingman %s --help shows an example', async (name) => {
  const words = name === '' ? [] : name.split(' ');
  const { code, stdout, stderr } = await wingman(await project(), [...words, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(exampleIn(stdout)).toMatch(/^wingman /m);
});

test.each(['', 'enqueue', 'stats', 'demo'])('the example of wingman %s works as printed', async (name) => {
  const words = name === '' ? [] : [name];
  const folder = await project();
  const { stdout: help } = await wingman(folder, [...words, '--help']);
  const { code, stderr, stdout } = await run('bash', ['-euo', 'pipefail', '-c', exampleIn(help)], folder).ended;
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain('error');
  expect(stdout).not.toBe('');
});

test('the example of wingman start works as printed', async () => {
  const folder = await project();
  const { stdout: help } = await wingman(folder, ['start', '--help']);
  // What starts the worker takes the shell's place, so that the signal reaches it.
  const script = exampleIn(help).replace(/^wingman start/m, 'exec wingman start');
  const worker = run('bash', ['-euo', 'pipefail', '-c', script], folder);
  await worker.prints('Hello, Ada!');
  worker.signal('SIGTERM');
  expect(await worker.ended).toMatchObject({ code: 0, stderr: '' });
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect(await wingman(await project(), ['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test('an unknown command is a usage error with a suggestion', async () => {
  const { code, stderr } = await wingman(await project(), ['strat']);
  expect(code).toBe(2);
  expect(stderr).toContain("unknown command 'strat' (WINGMAN_USAGE)\n(Did you mean start?)");
});

test.each([
  ['an unknown option', ['stats', '--jsno'], '--json'],
  ['a missing argument', ['enqueue'], 'type'],
  ['a concurrency that is none', ['start', 'w.ts', '--concurrency', '0'], 'whole number of at least 1'],
  ['queues that are none', ['start', 'w.ts', '--queues', 'a=3,b'], 'mail=3,default=1'],
  ['a queue named twice', ['start', 'w.ts', '--queues', 'a=3,a=1'], 'twice'],
  ['an unknown log level', ['start', 'w.ts', '--log-level', 'loud'], 'debug, info, warn, error, silent'],
  ['a delay without a unit', ['enqueue', 'a', '{}', '--delay', '5'], '30s'],
  ['an instant that is none', ['enqueue', 'a', '{}', '--at', 'tomorrow'], 'ISO 8601'],
  ['a day that no month has', ['enqueue', 'a', '{}', '--at', '2030-02-31T08:00:00Z'], 'ISO 8601'],
  ['an id that is none', ['enqueue', 'a', '{}', '--id', 'a b'], '1 to 128'],
  ['a lock without a number', ['enqueue', 'a', '{}', '--lock', 'tenant'], 'tenant:acme=2'],
  ['a time without a unique key', ['enqueue', 'a', '{}', '--unique-for', '1h'], '--unique KEY'],
  ['an empty unique key', ['enqueue', 'a', '{}', '--unique', ''], '1 to 512'],
  ['no such choice', ['enqueue', 'a', '{}', '--unique', 'k', '--on-conflict', 'x'], 'keep, replace, extend, reject'],
  ['a delay and an instant', ['enqueue', 'a', '{}', '--delay', '5m', '--at', '2030-01-01T00:00:00Z'], 'not both'],
  ['nothing to run', ['start'], 'wingman start worker.ts'],
  ['a directory that is not there', ['demo', '--dir', 'nowhere'], '--dir'],
])('%s is a usage error that says what is expected', async (_, words, expected) => {
  const { code, stdout, stderr } = await wingman(await project(), words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: .* \(WINGMAN_USAGE\)$/m);
  expect(stderr).toContain(expected);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('the stack of an error is shown to whom asks for it', async () => {
  const folder = await project();
  const words = ['start', 'nowhere.ts'];
  expect((await wingman(folder, words)).stderr).not.toMatch(/^\s+at /m);
  expect((await wingman(folder, words, { env: { DEBUG: 'wingman' } })).stderr).toMatch(/^\s+at /m);
});

test('no colours where nobody asked for them, and where NO_COLOR forbids them', async () => {
  const folder = await project();
  const colour = '\x1b[';
  for (const env of [{ CI: '1' }, { NO_COLOR: '1', FORCE_COLOR: '1' }]) {
    expect((await wingman(folder, ['stats'], { env })).stdout).not.toContain(colour);
  }
  expect((await wingman(folder, ['stats'], { env: { FORCE_COLOR: '1' } })).stdout).toContain(colour);
});

import { expect, test } from 'vitest';
import { project, wingman } from './command.ts';

test('jobs are cancelled by their ids, and an id that is wrong does not keep the others', async () => {
  const folder = await project({});
  for (const id of ['a', 'b']) await wingman(folder, ['enqueue', 'greet', '--id', id]);
  const printed = await wingman(folder, ['cancel', 'none', 'a']);
  expect(printed).toMatchObject({ code: 1, stdout: 'a cancelled\n' });
  expect(printed.stderr).toContain('there is no job none in the books (WINGMAN_JOB_NOT_FOUND)');
  const { stdout } = await wingman(folder, ['stats', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ queues: [{ queue: 'default', waiting: 1 }] });
});

test('jobs are cancelled by type, queue, lock key and tag', async () => {
  const folder = await project({});
  for (const words of [
    ['mail', '--queue', 'mails', '--tag', 'import-42'],
    ['mail', '--lock', 'tenant:acme=2', '--tag', 'import-42', '--tag', 'other'],
    ['greet', '--queue', 'mails'],
    ['greet'],
    ['greet', '--delay', '1h'],
  ]) {
    expect(await wingman(folder, ['enqueue', ...words])).toMatchObject({ code: 0, stderr: '' });
  }
  const none = await wingman(folder, ['cancel', '--type', 'mail', '--tag', 'none']);
  expect(none).toMatchObject({ code: 0, stdout: '0 jobs cancelled, 0 jobs told to stop\n' });
  const tagged = await wingman(folder, ['cancel', '--type', 'mail', '--tag', 'import-42', '--lock', 'tenant:acme']);
  expect(tagged).toMatchObject({ code: 0, stdout: '1 job cancelled, 0 jobs told to stop\n' });
  const queued = await wingman(folder, ['cancel', '--queue', 'mails', '--json']);
  expect(JSON.parse(queued.stdout)).toEqual({ cancelled: 2, cancelling: 0 });
  const rest = await wingman(folder, ['cancel', '--type', 'greet']);
  expect(rest.stdout).toBe('2 jobs cancelled, 0 jobs told to stop\n');
});

test('--json counts those that were named, and what was wrong is on stderr', async () => {
  const folder = await project({});
  for (const id of ['a', 'b']) await wingman(folder, ['enqueue', 'greet', '--id', id]);
  const printed = await wingman(folder, ['cancel', 'a', 'none', 'b', '--json']);
  expect(printed).toMatchObject({ code: 1, stdout: '{"cancelled":2,"cancelling":0}\n' });
  expect(printed.stderr).toContain('there is no job none in the books (WINGMAN_JOB_NOT_FOUND)');
});

test('ids and a filter at once are refused, and so is a filter that says nothing', async () => {
  const folder = await project({});
  await wingman(folder, ['enqueue', 'greet', '--id', 'a']);
  const both = await wingman(folder, ['cancel', 'a', '--type', 'greet']);
  expect(both).toMatchObject({ code: 2, stdout: '' });
  expect(both.stderr).toContain('and not both');
  const empty = await wingman(folder, ['cancel', '--type', '']);
  expect(empty).toMatchObject({ code: 1, stdout: '' });
  expect(empty.stderr).toContain('(WINGMAN_OPTION_INVALID)');
  const { stdout } = await wingman(folder, ['stats', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ queues: [{ queue: 'default', waiting: 1 }] });
});

test('without an id it says what it needs, and makes no file', async () => {
  const folder = await project({});
  const nothing = await wingman(folder, ['cancel']);
  expect(nothing).toMatchObject({ code: 2, stdout: '' });
  expect(nothing.stderr).toContain('--tag');
  const printed = await wingman(folder, ['cancel', 'a']);
  expect(printed).toMatchObject({ code: 1, stdout: '' });
  expect(printed.stderr).toContain('WINGMAN_SQLITE_OPEN');
});

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

test('without an id it says what it needs, and makes no file', async () => {
  const folder = await project({});
  expect(await wingman(folder, ['cancel'])).toMatchObject({ code: 2, stdout: '' });
  const printed = await wingman(folder, ['cancel', 'a']);
  expect(printed).toMatchObject({ code: 1, stdout: '' });
  expect(printed.stderr).toContain('WINGMAN_SQLITE_OPEN');
});

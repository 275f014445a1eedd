import { expect, test } from 'vitest';
import { project, wingman } from './command.ts';

test('says why a job waits, in one sentence or as facts', async () => {
  const folder = await project({});
  for (const id of ['a', 'b']) await wingman(folder, ['enqueue', 'greet', '--id', id]);
  await wingman(folder, ['pause', '--queue', 'default', '--by', 'ann', '--reason', 'a bug']);
  const printed = await wingman(folder, ['explain', 'b']);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  expect(printed.stdout).toMatch(
    /^job b \(greet\) waits: its queue 'default' is paused by ann since \S+ \(a bug\); no live manager takes queue 'default' \(there is none\); it is 2nd in queue 'default'\n$/,
  );
  const { stdout } = await wingman(folder, ['explain', 'b', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ id: 'b', type: 'greet', queue: 'default', state: 'waiting' },
    reasons: [
      { why: 'queue paused', pause: { by: 'ann', reason: 'a bug' } },
      { why: 'no manager takes the queue', managers: 0 },
      { why: 'in line', ahead: { count: 1, isMore: false } },
    ],
  });
});

test('an id that is not in the books is told', async () => {
  const folder = await project({});
  await wingman(folder, ['enqueue', 'greet']);
  const printed = await wingman(folder, ['explain', 'none']);
  expect(printed).toMatchObject({ code: 1, stdout: '' });
  expect(printed.stderr).toContain('WINGMAN_JOB_NOT_FOUND');
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { project, start, wingman } from './command.ts';

const files = {
  'worker.ts': `
    import { defineJob, Fail } from 'wingmanjs';
    export const bad = defineJob({ type: 'bad' }).handle(() => { throw new Fail('bad\\u001b[2J'); });
  `,
};

/** A project in which so many jobs have failed, by their ids. */
async function withFailed(...ids: string[]): Promise<string> {
  const folder = await project(files);
  for (const id of ids) await wingman(folder, ['enqueue', 'bad', '--id', id]);
  const manager = start(folder, ['start', 'worker.ts']);
  for (const id of ids) await manager.prints(new RegExp(`job failed .*${id}|${id}.*job failed`));
  manager.signal('SIGTERM');
  await manager.ended;
  return folder;
}

test('failed jobs are listed, oldest first, as a table and as JSON lines', async () => {
  const folder = await withFailed('a', 'b', 'c');
  const printed = await wingman(folder, ['failed']);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  const [title, ...lines] = printed.stdout.trimEnd().split('\n');
  expect(title).toMatch(/^id +type +attempts +failed at +error$/);
  expect(lines.map((line) => line.slice(0, 1)).sort()).toEqual(['a', 'b', 'c']);
  // What a terminal would obey is shown, and not done.
  expect(lines[0]).toContain('Fail: bad\\x1b[2J');
  const json = await wingman(folder, ['failed', 'list', '--json', '--limit', '2']);
  const jobs = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(jobs).toHaveLength(2);
  expect(jobs[0]).toMatchObject({ type: 'bad', state: 'failed', failures: [{ name: 'Fail' }] });
  const limited = await wingman(folder, ['failed', '--limit', '1']);
  expect(limited.stdout).toContain('the oldest 1 of 3; see --limit');
});

test('failed jobs are retried and discarded one by one, and an id that is wrong does not keep the others', async () => {
  const folder = await withFailed('a', 'b');
  const retried = await wingman(folder, ['failed', 'retry', 'none', 'a']);
  expect(retried).toMatchObject({ code: 1, stdout: 'a retried\n' });
  expect(retried.stderr).toContain('there is no job none in the books (WINGMAN_JOB_NOT_FOUND)');
  const refused = await wingman(folder, ['failed', 'discard', 'a', 'b']);
  expect(refused).toMatchObject({ code: 1, stdout: 'b discarded\n' });
  expect(refused.stderr).toContain('job a is waiting: only a job that has ended can be discarded (WINGMAN_JOB_STATE)');
  const { stdout } = await wingman(folder, ['stats', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ failed: 0, queues: [{ queue: 'default', waiting: 1 }] });
});

test('all of them at once', async () => {
  const folder = await withFailed('a', 'b', 'c');
  expect(await wingman(folder, ['failed', 'retry', '--all'])).toMatchObject({ code: 0, stdout: '3 jobs retried\n' });
  expect(await wingman(folder, ['failed', 'discard', '--all'])).toMatchObject({
    code: 0,
    stdout: '0 jobs discarded\n',
  });
  expect((await wingman(folder, ['failed'])).stdout).toBe('no failed jobs\n');
});

test('neither ids nor --all, or both, is a mistake; and nothing here makes a file', async () => {
  const folder = await project();
  for (const words of [['retry'], ['discard'], ['retry', 'a', '--all']]) {
    const { code, stderr } = await wingman(folder, ['failed', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain('--all');
  }
  const missing = await wingman(folder, ['failed', 'retry', '--all']);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('there is no file wingman.db yet');
  expect(existsSync(join(folder, 'wingman.db'))).toBe(false);
});

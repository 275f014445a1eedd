import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { project, start, wingman } from './command.ts';

const files = {
  'worker.ts': `
    import { defineJob, defineSchedules } from 'wingmanjs';
    const report = defineJob<{ kind: string }>({ type: 'report' });
    export const reporter = report.handle(({ kind }) => console.log('reported ' + kind));
    export const schedules = defineSchedules('reports', {
      nightly: { cron: '0 2 * * *', timezone: 'Europe/Berlin', job: report.job({ kind: 'day' }) },
      often: { every: '90m', job: report.job({ kind: 'often' }) },
    });
  `,
};

/** A project whose worker has declared its schedules. */
async function declared(): Promise<string> {
  const folder = await project(files);
  const worker = start(folder, ['start', 'worker.ts']);
  await worker.prints('schedules declared');
  worker.signal('SIGTERM');
  await worker.ended;
  return folder;
}

test('schedules that a worker declares are listed, as a table and as JSON lines', async () => {
  const folder = await declared();
  const printed = await wingman(folder, ['schedules']);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  const [title, nightly, often] = printed.stdout.split('\n');
  expect(title).toMatch(/^name +when +type +next +last$/);
  expect(nightly).toMatch(/^nightly +0 2 \* \* \* Europe\/Berlin +report +\d{4}-\d\d-\d\dT0[01]:00:00\.000Z$/);
  expect(often).toMatch(/^often +every 1 h 30 min +report +\d{4}-/);
  const { stdout } = await wingman(folder, ['schedules', 'list', '--json']);
  const [first, second] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({ name: 'nightly', cron: '0 2 * * *', input: { kind: 'day' }, declaredBy: 'reports' });
  expect(second).toMatchObject({ name: 'often', every: 5_400_000 });
});

test('schedules are paused, run, resumed and removed, and a name that is wrong does not keep the others', async () => {
  const folder = await declared();
  const paused = await wingman(folder, [
    'schedules',
    'pause',
    'nightly',
    'none',
    'often',
    '--by',
    'ada',
    '--reason',
    'x\ny',
  ]);
  expect(paused).toMatchObject({ code: 1, stdout: 'nightly paused\noften paused\n' });
  expect(paused.stderr).toContain('there is no schedule "none" (WINGMAN_SCHEDULE_NOT_FOUND)');
  expect((await wingman(folder, ['schedules'])).stdout).toContain('paused by ada: x\\ny');
  const run = await wingman(folder, ['schedules', 'run', 'nightly']);
  expect(run.stdout).toMatch(/^nightly enqueued \S{22}\n$/);
  const resumed = await wingman(folder, ['schedules', 'resume', 'nightly']);
  expect(resumed.stdout).toMatch(/^nightly resumed, next at 2\S+:00:00\.000Z\n$/);
  const removed = await wingman(folder, ['schedules', 'remove', 'nightly', 'often']);
  expect(removed).toMatchObject({ code: 0, stdout: 'nightly removed\noften removed\n' });
  expect((await wingman(folder, ['schedules'])).stdout).toBe('no schedules\n');
  const { stdout } = await wingman(folder, ['stats', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ queues: [{ queue: 'default', waiting: 1 }] });
});

test('looking at schedules makes no file', async () => {
  const folder = await project();
  const { code, stderr } = await wingman(folder, ['schedules']);
  expect(code).toBe(1);
  expect(stderr).toContain('there is no file wingman.db yet');
  expect(existsSync(join(folder, 'wingman.db'))).toBe(false);
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Seen, statsTable } from '../../src/cli/stats.ts';
import { project, start, wingman } from './command.ts';

test('stats shows queues, totals and workers, as a table and as JSON', async () => {
  const folder = await project({
    'worker.ts': `
      import { defineJob } from 'wingmanjs';
      const lock = () => ({ key: 'one', concurrency: 1 });
      const run = () => { console.log('running'); return new Promise(() => {}); };
      export default [
        defineJob({ type: 'busy', queue: 'work', lock }).handle(run),
        defineJob({ type: 'bad', queue: 'work', retry: { attempts: 1 } }).handle(() => { throw new Error('bad'); }),
      ];`,
  });
  const enqueue = (...words: string[]) => wingman(folder, ['enqueue', ...words]);
  await enqueue('bad', '--queue', 'work');
  await enqueue('mystery', '--queue', 'work');
  for (let n = 0; n < 3; n += 1) await enqueue('busy', '--queue', 'work', '--lock', 'one=1');
  await enqueue('later', '--delay', '1h');
  await enqueue('other', '--queue', 'idle');
  const manager = start(folder, ['start', 'worker.ts', '--queues', 'work', '--log-level', 'debug']);
  await manager.prints('running');
  await manager.prints('job failed');
  await manager.prints('job parked');
  const [printed, json] = await Promise.all([wingman(folder, ['stats']), wingman(folder, ['stats', '--json'])]);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  expect(printed.stdout).toMatch(/^queue +waiting +held$/m);
  expect(printed.stdout).toMatch(/^idle +1 +0$/m);
  expect(printed.stdout).toMatch(/^work +0 +2$/m);
  for (const row of ['scheduled +1', 'processing +1', 'parked +1', 'failed +1', 'dead letters +0']) {
    expect(printed.stdout).toMatch(new RegExp(`^${row}$`, 'm'));
  }
  expect(printed.stdout).toMatch(/^\S+:\d+:\w+ +1 +ends in \d/m);
  expect(JSON.parse(json.stdout)).toMatchObject({
    backend: 'sqlite:wingman.db',
    queues: expect.arrayContaining([{ queue: 'work', waiting: 0, held: 2 }]),
    workers: [{ processing: 1, leaseEnds: expect.any(Number), takes: { queues: ['work'] } }],
    scheduled: 1,
    failed: 1,
    parked: 1,
    dead: 0,
    counters: { successful: 0, failed: 1 },
  });
});

test('no line is wider than a narrow terminal', () => {
  const none: Seen = {
    pauses: [],
    limits: [],
    ...{ queues: [], workers: [], scheduled: 0, failed: 0, completed: 0, parked: 0, dead: 0 },
    counters: { successful: 1_234_567, failed: 0 },
  };
  for (const line of statsTable(none, 0, 30)) expect(line.length).toBeLessThanOrEqual(30);
  expect(statsTable(none, 0, 30)).toContain('successful since t…  1,234,567');
});

test('only looking makes no file', async () => {
  const folder = await project();
  const { code, stdout, stderr } = await wingman(folder, ['stats', '--json', '--backend', 'sqlite:none.db']);
  expect(code).toBe(0);
  expect(stderr).toContain('there is no file none.db yet');
  expect(JSON.parse(stdout)).toMatchObject({ queues: [], scheduled: 0 });
  expect(existsSync(join(folder, 'none.db'))).toBe(false);
});

test('a lease that has ended says since when, and what would upset a terminal is not printed', () => {
  const seen: Seen = {
    pauses: [],
    limits: [],
    queues: [{ queue: 'a\x1b[2J', waiting: 12_345, held: 1 }],
    workers: [
      { worker: 'dead:1:ab', processing: 2, leaseEnds: 1_000, takes: null },
      { worker: 'alive:2:cd', processing: 0, leaseEnds: 21_000, takes: null },
    ],
    scheduled: 0,
    failed: 0,
    completed: 0,
    parked: 0,
    dead: 0,
    counters: { successful: 7, failed: 0 },
  };
  const lines = statsTable(seen, 6_000, 80);
  expect(lines).toContain('a\\x1b[2J   12,345     1');
  expect(lines).toContain('dead:1:ab            2  ended 5.0 s ago');
  expect(lines).toContain('alive:2:cd           0  ends in 15.0 s');
});

import { expect, test } from 'vitest';
import { project, wingman } from './command.ts';

async function stats(folder: string): Promise<unknown> {
  return JSON.parse((await wingman(folder, ['stats', '--json'])).stdout);
}

test('a queue and a type are paused, shown with who and why, and go on', async () => {
  const folder = await project({});
  await wingman(folder, ['enqueue', 'greet', '--id', 'a']);
  const why = ['--by', 'ann', '--reason', 'no paper'];
  expect(await wingman(folder, ['pause', '--queue', 'default', ...why])).toMatchObject({
    code: 0,
    stdout: 'queue default is paused\n',
  });
  expect(await wingman(folder, ['pause', '--type', 'greet'])).toMatchObject({ stdout: 'type greet is paused\n' });
  expect(await stats(folder)).toMatchObject({
    pauses: [
      { queue: 'default', by: 'ann', reason: 'no paper' },
      { type: 'greet', by: expect.stringMatching(/./) },
    ],
  });
  const { stdout } = await wingman(folder, ['stats']);
  expect(stdout).toMatch(/queue default .* ago\s+ann\s+no paper/);
  expect(await wingman(folder, ['resume', '--queue', 'default'])).toMatchObject({ stdout: 'queue default goes on\n' });
  expect(await wingman(folder, ['resume', '--queue', 'default'])).toMatchObject({
    stdout: 'queue default was not paused\n',
  });
  expect(await stats(folder)).toMatchObject({ pauses: [{ type: 'greet' }] });
});

test('a queue gets a limit, which is shown, and loses it', async () => {
  const folder = await project({});
  await wingman(folder, ['enqueue', 'greet']);
  const limit = ['limit', 'mail', '--concurrency', '5', '--rate', '100/minute', '--burst', '10'];
  expect(await wingman(folder, limit)).toMatchObject({ code: 0, stdout: 'queue mail has its new limit\n' });
  expect(await stats(folder)).toMatchObject({
    limits: [{ queue: 'mail', concurrency: 5, running: 0, rate: { every: 600, burst: 10 } }],
  });
  expect((await wingman(folder, ['stats'])).stdout).toMatch(/mail\s+0\s+5\s+600 ms, 10 at once/);
  await wingman(folder, ['limit', 'mail', '--none']);
  expect(await stats(folder)).toMatchObject({ limits: [] });
});

test.each([
  [['pause'], 'either --queue or --type is needed'],
  [['resume', '--queue', 'q', '--type', 't'], 'either --queue or --type is needed'],
  [['limit', 'q'], 'give --concurrency, --rate or both'],
  [['limit', 'q', '--none', '--concurrency', '2'], 'give --concurrency, --rate or both'],
  [['limit', 'q', '--concurrency', '2', '--burst', '2'], '--burst goes with --rate'],
  [['limit', 'q', '--rate', 'fast'], "'100/minute' or '5/10s'"],
])('%j is refused, and makes no file', async (words, message) => {
  const folder = await project({});
  const printed = await wingman(folder, words);
  expect(printed).toMatchObject({ code: 2, stdout: '' });
  expect(printed.stderr).toContain(message);
});

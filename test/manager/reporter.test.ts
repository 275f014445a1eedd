// How often, and in what order, the store is told how far jobs are.

import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import type { Backend, Report } from '../../src/contract/backend.ts';
import type { ClaimedJob } from '../../src/core/envelope.ts';
import { ManagedAttempt } from '../../src/manager/attempt.ts';
import { Reporter } from '../../src/manager/reporter.ts';
import { Run } from '../../src/manager/runs.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Latch, Log } from './stage.ts';

function job(id: string): ClaimedJob {
  const fields = {
    type: 't',
    queue: 'q',
    payload: '{}',
    locks: [],
    attempts: 0,
    crashes: 0,
    sequence: 1,
    enqueuedAt: 0,
  };
  return { id, ...fields, worker: 'w', token: '1' };
}

/** A reporter whose calls are recorded; each is answered by `answer`. */
async function begin(answer: () => Promise<void> = async () => {}) {
  const memory = await open();
  const calls: { readonly at: number; readonly reports: readonly (readonly [string, string])[] }[] = [];
  let told = new Latch();
  const report = async (_: unknown, reports: readonly Report[]): Promise<readonly 'kept'[]> => {
    calls.push({ at: performance.now(), reports: reports.map((each) => [each.job.id, each.progress]) });
    told.open();
    told = new Latch();
    await answer();
    return reports.map(() => 'kept' as const);
  };
  const results = new Proxy(memory.results, {
    get: (target, name) => (name === 'report' ? report : Reflect.get(target, name)),
  });
  const backend: Backend = new Proxy(memory, {
    get: (target, name) => (name === 'results' ? results : Reflect.get(target, name)),
  });
  const log = new Log();
  const surroundings = { clock: systemClock, random: () => 0.5, logger: log, failed: () => {} };
  const reporter = new Reporter(backend, surroundings);
  const asked = () => Promise.reject(new Error('nothing was to be asked'));
  const tools = { requests: { takeLocks: asked, pauseRate: asked }, reporter, surroundings };
  const ended = (): void => undefined;
  const attempt = (id: string) => new ManagedAttempt(new Run(job(id), 1, 0, ended), null, tools, ended);
  onTestFinished(() => reporter.stop());
  return { reporter, attempt, calls, log, told: () => told.opened };
}

test('the first is told at once, and of what follows the newest, in one call for all jobs', async () => {
  const { attempt, calls, told } = await begin();
  const [a, b] = [attempt('a'), attempt('b')];
  a.report('1');
  await told();
  for (let n = 2; n <= 50; n += 1) {
    a.report(String(n));
    b.report(String(n));
  }
  await told();
  expect(calls.map(({ reports }) => reports)).toEqual([
    [['a', '1']],
    [
      ['a', '50'],
      ['b', '50'],
    ],
  ]);
  // So that a store is asked ten times a second at most, whatever its jobs say.
  expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(90);
});

test('the last is told before the run counts as ended, and nothing after', async () => {
  const { reporter, attempt, calls, told } = await begin();
  const a = attempt('a');
  a.report('1');
  await told();
  a.report('2');
  const end = a.close();
  expect(end).not.toBeNull();
  await end;
  a.report('3');
  await reporter.stop();
  expect(calls.map(({ reports }) => reports)).toEqual([[['a', '1']], [['a', '2']]]);
});

test('the end waits for what is under way, and for nothing where all was told, or nothing was said', async () => {
  const answered = new Latch();
  const { attempt, told } = await begin(() => answered.opened);
  const a = attempt('a');
  a.report('1');
  await told();
  let hasEnded = false;
  const end = a.close()?.then(() => {
    hasEnded = true;
  });
  await new Promise(setImmediate);
  expect(hasEnded).toBe(false);
  answered.open();
  await end;
  expect(attempt('b').close()).toBeNull();
});

test('what the store does not take is tried again, unless there is something newer, or the run has ended', async () => {
  let isDown = true;
  const { attempt, calls, told, log } = await begin(async () => {
    if (isDown) throw new Error('down');
  });
  const [a, b, c] = [attempt('a'), attempt('b'), attempt('c')];
  for (const each of [a, b, c]) each.report('1');
  await told();
  isDown = false;
  b.report('2');
  c.close();
  await told();
  expect(calls.map(({ reports }) => reports)).toEqual([
    [
      ['a', '1'],
      ['b', '1'],
      ['c', '1'],
    ],
    [
      ['b', '2'],
      ['a', '1'],
    ],
  ]);
  expect(log.of('progress could not be told')).toHaveLength(1);
});

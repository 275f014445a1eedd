// What stands beside jobs in a file is gone when nobody needs it any more.

import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../../src/backends/sqlite/index.ts';
import { integer } from '../../../src/backends/sqlite/rows.ts';
import { Caller } from '../../../src/contract/call.ts';
import { newJob, Session } from '../../../src/contract/conformance/session.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { newPath, openRaw } from './stage.ts';

const TABLES = ['progress', 'results', 'watchers', 'news', 'ended'] as const;

test('nothing of it stays, with jobs that are removed, and after the time in which somebody may ask', async () => {
  const path = await newPath();
  let ahead = 0;
  const backend = await open({ path, clock: { ...systemClock, now: () => Date.now() + ahead } });
  onTestFinished(() => backend.close());
  const session = new Session(backend);
  const worker = await session.worker();
  const raw = await openRaw(path);
  const rows = (): Record<string, number> =>
    Object.fromEntries(TABLES.map((name) => [name, integer(raw.get(`SELECT count(*) AS n FROM ${name}`)?.n)]));
  await session.enqueue(newJob('kept'), newJob('gone'), newJob('waiting'));
  const watches = ['kept', 'gone', 'waiting'].map((id) => ({ id, every: true }));
  await backend.results.watch('w', watches);
  const [kept, gone] = await session.claim(worker, 2);
  if (kept === undefined || gone === undefined) throw new Error('two jobs should have come up');
  const reports = [kept, gone].map((job) => ({ job, progress: '1' }));
  await new Caller('test').call((call) => backend.results.report(call, reports));
  const keep = { for: 3_600_000, count: null };
  await session.exchange(worker, [
    { job: kept, outcome: { kind: 'completed', keep, result: '1' } },
    { job: gone, outcome: { kind: 'completed' } },
  ]);
  expect(rows()).toEqual({ progress: 1, results: 1, watchers: 2, news: 2, ended: 1 });
  await session.discard('kept');
  expect(rows()).toEqual({ progress: 0, results: 0, watchers: 1, news: 2, ended: 2 });
  await session.checkIn();
  expect(rows()).toEqual({ progress: 0, results: 0, watchers: 1, news: 2, ended: 2 });
  ahead = 60_000;
  await session.checkIn();
  expect(rows()).toEqual({ progress: 0, results: 0, watchers: 0, news: 0, ended: 0 });
});

test('a look that changes nothing writes nothing, while the watch lasts', async () => {
  const path = await newPath();
  let ahead = 0;
  const backend = await open({ path, clock: { ...systemClock, now: () => Date.now() + ahead } });
  onTestFinished(() => backend.close());
  await new Session(backend).enqueue(newJob('a'));
  const raw = await openRaw(path);
  const version = (): number => integer(raw.get('PRAGMA data_version')?.data_version);
  const look = (every = true) => backend.results.watch('w', [{ id: 'a', every }]);
  await look();
  const before = version();
  ahead = 10_000;
  await look();
  expect(version()).toBe(before);
  ahead = 30_000;
  await look();
  const renewed = version();
  expect(renewed).not.toBe(before);
  await look(false);
  expect(version()).not.toBe(renewed);
});

// One day of schedules on which the clocks change, with leaders that die or stand still at any of their calls: each tick is
// fired once.

import { describe, expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import type { Backend } from '../../src/contract/backend.ts';
import { observedSchedules } from '../../src/contract/observed-schedules.ts';
import { defineJob } from '../../src/core/job.ts';
import { defineSchedules } from '../../src/schedules/declared.ts';
import { seeded } from '../faults/random.ts';
import { changed } from '../harness/planting.ts';
import { VirtualTime } from '../harness/virtual-time.ts';
import { Cluster } from './cluster.ts';

const job = defineJob({ type: 'work', queue: 'q' }).job();
const timezone = 'Europe/Berlin';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const schedules = defineSchedules('app', {
  fiveMinutes: { cron: '*/5 * * * *', timezone, job },
  hourly: { cron: '@hourly', timezone, job },
  // Oftener than a new leader is found: what was missed must be caught up.
  thirds: { cron: '*/20 * * * * *', timezone, job, catchUp: { all: 100 } },
  nightly: { cron: '30 2 * * *', timezone, job },
  midnight: { cron: '0 0 * * *', timezone, job },
  before: { cron: '59 1 * * *', timezone, job },
  after: { cron: '0 3 * * *', timezone, job },
  inUtc: { cron: '15 1 * * *', job },
  sevenMinutes: { every: '7m', job },
  anchored: { every: '45m', start: new Date('2026-01-01T00:01:00Z'), job, overlap: 'skip' },
  waiting: { every: '11m', job, overlap: 'wait', catchUp: 'none' },
});

/** Every instant of a day that is so many milliseconds from an anchor. */
function spread(from: number, to: number, every: number, anchor = 0): number[] {
  const first = anchor + Math.ceil((from - anchor) / every) * every;
  return Array.from({ length: Math.max(0, Math.ceil((to - first) / every)) }, (_, n) => first + n * every);
}

/** What must be fired, by rules that are written down here once more, without a library. */
function expectedTicks(from: number, to: number, daily: Readonly<Record<string, string>>): string[] {
  const ticks: Record<string, readonly number[]> = {
    fiveMinutes: spread(from, to, 5 * MINUTE),
    hourly: spread(from, to, HOUR),
    thirds: spread(from, to, 20_000),
    sevenMinutes: spread(from, to, 7 * MINUTE),
    anchored: spread(from, to, 45 * MINUTE, Date.parse('2026-01-01T00:01:00Z')),
    waiting: spread(from, to, 11 * MINUTE),
    ...Object.fromEntries(Object.entries(daily).map(([name, instant]) => [name, [Date.parse(instant)]])),
  };
  return Object.entries(ticks).flatMap(([name, instants]) =>
    instants.map((instant) => `${name}:${new Date(instant).toISOString()}`),
  );
}

interface Day {
  readonly from: string;
  readonly to: string;
  /** The instants of those that come once a day. */
  readonly daily: Readonly<Record<string, string>>;
}

const SPRING: Day = {
  from: '2026-03-28T23:00Z',
  to: '2026-03-29T22:00Z',
  daily: {
    nightly: '2026-03-29T01:00Z',
    midnight: '2026-03-28T23:00Z',
    before: '2026-03-29T00:59Z',
    after: '2026-03-29T01:00Z',
    inUtc: '2026-03-29T01:15Z',
  },
};

const AUTUMN: Day = {
  from: '2026-10-24T22:00Z',
  to: '2026-10-25T23:00Z',
  daily: {
    nightly: '2026-10-25T00:30Z',
    midnight: '2026-10-24T22:00Z',
    before: '2026-10-24T23:59Z',
    after: '2026-10-25T02:00Z',
    inUtc: '2026-10-25T01:15Z',
  },
};

/** Lets a cluster live through a time, and gives what it fired. */
async function live(from: number, to: number, seed: number, plant: (backend: Backend) => Backend = (same) => same) {
  // A little before, so that the first leader is there; a little longer, so that the last one has caught up.
  const time = new VirtualTime(from - 500);
  const backend = await open({ clock: time.clock() });
  onTestFinished(() => backend.close());
  const cluster = new Cluster({ backend: plant(backend), time, schedules, processes: 3, random: seeded(seed) });
  await cluster.start();
  await time.passTo(to + MINUTE);
  const end = new Date(to).toISOString();
  return { cluster, fired: cluster.fired.filter(({ id }) => id.slice(id.indexOf(':') + 1) < end) };
}

function newSeed(): number {
  return Number(process.env.WINGMAN_SEED ?? Math.floor(Math.random() * 2 ** 32));
}

describe.each([
  ['the clocks go forward', SPRING],
  ['the clocks go back', AUTUMN],
])('on the day on which %s', (_, { from, to, daily }) => {
  test('each tick is fired once, though leaders die and stand still', { timeout: 120_000 }, async () => {
    const seed = newSeed();
    const [start, end] = [Date.parse(from), Date.parse(to)];
    const { cluster, fired } = await live(start, end, seed);
    const told = `WINGMAN_SEED=${seed} ${JSON.stringify(cluster.counts)}`;
    expect(fired.map(({ id }) => id).sort(), told).toEqual(expectedTicks(start, end, daily).sort());
    expect(
      fired.filter(({ result }) => result !== 'enqueued'),
      told,
    ).toEqual([]);
    // Or this would be no test of it.
    expect(cluster.counts.deaths, told).toBeGreaterThan(100);
    expect(cluster.counts.halts, told).toBeGreaterThan(100);
    expect(cluster.counts.refused, told).toBeGreaterThan(10);
  });
});

test('a store that lets a late leader fire is found out', { timeout: 60_000 }, async () => {
  const trusting = (backend: Backend): Backend =>
    changed(backend, {
      schedules: {
        ...observedSchedules(backend.schedules, () => undefined),
        write: async (call, write) => {
          const current = await backend.schedules.find(write.name);
          return backend.schedules.write(call, { ...write, replaces: current?.version ?? null });
        },
      },
    });
  const start = Date.parse(SPRING.from);
  const { fired } = await live(start, start + 3 * HOUR, 7, trusting);
  expect(new Set(fired.map(({ id }) => id)).size).toBeLessThan(fired.length);
});

// The same on an SQLite file, beside a bare loop that makes the same writes, and another queue in a file.

import { contender, figure, ratio } from './shape.mjs';

const shared = { theme: 'embedded', metrics: ['rate', 'cpu'] };
const embedded = (sizes) => Object.entries(sizes).map(([name, jobs]) => contender(name, { jobs, store: 'sqlite' }));

export const embeddeds = [
  {
    ...shared,
    name: 'sqlite-no-op',
    title: 'SQLite: no-op jobs, one process, concurrency 100',
    measure: 'throughput',
    settings: { concurrency: 100 },
    contenders: embedded({ 'bare-sqlite': [40_000, 200_000], plainjob: [4_000, 50_000], wingman: [25_000, 150_000] }),
    rounds: [2, 5],
    wanted: [figure('wingman', { atLeast: 20_000 }), ratio('wingman', 'bare-sqlite', { atLeast: 0.4, goal: 0.6 })],
  },
  {
    ...shared,
    name: 'sqlite-no-op-4',
    title: 'SQLite: no-op jobs, four processes on one file, concurrency 100 each',
    measure: 'processes',
    metrics: ['rate'],
    fullOnly: true,
    settings: { concurrency: 100, processes: 4 },
    contenders: embedded({ 'bare-sqlite': [25_000, 200_000], plainjob: [6_000, 50_000], wingman: [15_000, 100_000] }),
    rounds: [1, 3],
    wanted: [],
  },
  ...[
    ['bulk', 'in bulk', { 'bare-sqlite': [50_000, 300_000], plainjob: [50_000, 300_000], wingman: [30_000, 300_000] }],
    ['concurrent', 'one by one, 500 calls at a time', { plainjob: [15_000, 100_000], wingman: [25_000, 200_000] }],
    [
      'awaited',
      'one by one, each awaited',
      { 'bare-sqlite': [800, 10_000], plainjob: [8_000, 50_000], wingman: [800, 10_000] },
    ],
  ].map(([way, words, sizes]) => ({
    ...shared,
    name: `sqlite-enqueue-${way}`,
    fullOnly: way !== 'bulk',
    title: `SQLite: jobs enqueued ${words}`,
    measure: 'enqueue',
    settings: { way },
    contenders: embedded(sizes),
    rounds: [1, 3],
    wanted: [],
  })),
];

// Jobs that do nothing, so that what remains is the queue's own work. Each contender has so many that it takes about as long as the
// others, and long enough to have its code compiled before the jobs that count.

import { contender, ratio, sized } from './shape.mjs';

const shared = { theme: 'processing', measure: 'throughput', metrics: ['rate', 'cpu', 'redis'], wanted: [] };
const noOp = (concurrency) => ({
  ...shared,
  name: `no-op-${concurrency}`,
  title: `No-op jobs, concurrency ${concurrency}, one process`,
  settings: { concurrency },
  rounds: [2, 5],
});

export const processing = [
  {
    ...noOp(1),
    contenders: [
      contender('bullmq', { jobs: [4_000, 40_000] }),
      contender('bee-queue', { jobs: 40_000, fullOnly: true }),
      contender('wingman', { jobs: [8_000, 80_000] }),
    ],
    wanted: [ratio('wingman', 'bullmq', { atLeast: 1.6, goal: 2 })],
  },
  {
    ...noOp(10),
    contenders: [
      contender('bullmq', { jobs: [10_000, 100_000] }),
      contender('bee-queue', { jobs: 100_000, fullOnly: true }),
      contender('wingman', { jobs: [40_000, 400_000] }),
    ],
    wanted: [ratio('wingman', 'bullmq', { atLeast: 3, goal: 5 })],
  },
  {
    ...noOp(100),
    contenders: [
      ...sized({ floor: [200_000, 2_000_000], bullmq: [10_000, 120_000] }),
      contender('bee-queue', { jobs: 120_000, fullOnly: true }),
      contender('groupmq', { jobs: 60_000, fullOnly: true }),
      contender('graphile-worker', { jobs: 100_000, store: 'postgres', fullOnly: true }),
      contender('wingman', { jobs: [250_000, 1_000_000] }),
    ],
    wanted: [
      ratio('wingman', 'bullmq', { atLeast: 6, goal: 10 }),
      ratio('wingman', 'floor', { atLeast: 0.2, goal: 0.35 }),
    ],
    rounds: [3, 5],
  },
  {
    ...noOp(500),
    fullOnly: true,
    contenders: sized({ bullmq: [15_000, 120_000], 'bee-queue': 120_000, wingman: [150_000, 1_200_000] }),
    rounds: [1, 5],
  },
  ...[
    ['100 B', 100, { bullmq: [10_000, 100_000], 'bee-queue': 100_000, wingman: [30_000, 400_000] }],
    ['10 KB', 10_000, { bullmq: [5_000, 40_000], 'bee-queue': 40_000, wingman: [8_000, 60_000] }],
    ['200 KB', 200_000, { bullmq: [250, 2_500], 'bee-queue': 2_500, wingman: [250, 2_500] }],
  ].map(([name, size, sizes]) => ({
    ...shared,
    name: `payload-${name.replace(' ', '').toLowerCase()}`,
    title: `Payloads of ${name}, concurrency 20`,
    settings: { size, concurrency: 20 },
    contenders: sized(sizes),
    rounds: [1, 3],
    fullOnly: size !== 10_000,
  })),
  {
    ...shared,
    name: 'async-5ms',
    title: 'Handlers that wait for 5 ms, concurrency 200 (40,000 jobs/s at most)',
    settings: { concurrency: 200, handlerTime: 5 },
    contenders: sized({ bullmq: [10_000, 80_000], 'bee-queue': 80_000, wingman: [20_000, 200_000] }),
    rounds: [1, 5],
  },
  {
    ...shared,
    name: 'retries',
    fullOnly: true,
    title:
      'Jobs that fail twice and complete at the third attempt, without backoff, concurrency 100 (completed ones are counted)',
    settings: { concurrency: 100, attempts: 3 },
    contenders: sized({ bullmq: [4_000, 30_000], 'bee-queue': 30_000, wingman: [6_000, 60_000] }),
    rounds: [1, 5],
  },
];

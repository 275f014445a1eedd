// Jobs that do nothing, so that what remains is the queue's own work. Each contender has so many that it takes about as long as the
// others, and long enough to have its code compiled before the jobs that count.

import { contender, ratio } from './shape.mjs';

const peers = (sizes) => Object.entries(sizes).map(([name, jobs]) => contender(name, { jobs }));
const noOp = (concurrency, sizes, rest) => ({
  name: `no-op-${concurrency}`,
  theme: 'processing',
  title: `No-op jobs, concurrency ${concurrency}, one process`,
  measure: 'throughput',
  metrics: ['rate', 'cpu', 'redis'],
  settings: { concurrency },
  contenders: peers(sizes),
  rounds: [3, 5],
  wanted: [],
  ...rest,
});

export const processing = [
  noOp(
    1,
    { bullmq: [8_000, 40_000], 'bee-queue': [8_000, 40_000], wingman: [12_000, 60_000] },
    { wanted: [ratio('wingman', 'bullmq', { atLeast: 1.6, goal: 2 })] },
  ),
  noOp(
    10,
    { bullmq: [20_000, 100_000], 'bee-queue': [20_000, 100_000], wingman: [60_000, 300_000] },
    { wanted: [ratio('wingman', 'bullmq', { atLeast: 3, goal: 5 })] },
  ),
  noOp(
    100,
    {
      floor: [600_000, 2_000_000],
      bullmq: [25_000, 120_000],
      'bee-queue': [25_000, 120_000],
      wingman: [150_000, 600_000],
    },
    {
      wanted: [
        ratio('wingman', 'bullmq', { atLeast: 6, goal: 10 }),
        ratio('wingman', 'floor', { atLeast: 0.2, goal: 0.35 }),
      ],
    },
  ),
  noOp(
    500,
    { bullmq: [25_000, 120_000], 'bee-queue': [25_000, 120_000], wingman: [150_000, 600_000] },
    { rounds: [1, 5] },
  ),
];

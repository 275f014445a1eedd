// Jobs handed over by one process.

import { contender, ratio } from './shape.mjs';

const peers = (sizes) => Object.entries(sizes).map(([name, jobs]) => contender(name, { jobs }));
const shared = { theme: 'enqueueing', measure: 'enqueue', metrics: ['rate', 'cpu', 'redis'], rounds: [3, 5] };

export const enqueueing = [
  {
    ...shared,
    name: 'enqueue-bulk',
    title: 'Jobs enqueued in bulk',
    settings: { way: 'bulk' },
    contenders: peers({
      floor: [300_000, 1_500_000],
      bullmq: [40_000, 200_000],
      'bee-queue': [100_000, 500_000],
      wingman: [150_000, 800_000],
    }),
    wanted: [ratio('wingman', 'bullmq', { atLeast: 6, goal: 10 })],
  },
  {
    ...shared,
    name: 'enqueue-concurrent',
    title: 'Jobs enqueued one by one, 500 calls at a time',
    settings: { way: 'concurrent' },
    contenders: peers({ bullmq: [30_000, 150_000], 'bee-queue': [40_000, 200_000], wingman: [80_000, 500_000] }),
    wanted: [ratio('wingman', 'bullmq', { atLeast: 3, goal: 6 })],
  },
  {
    ...shared,
    name: 'enqueue-awaited',
    title: 'Jobs enqueued one by one, each awaited',
    settings: { way: 'awaited' },
    contenders: peers({ bullmq: [8_000, 50_000], 'bee-queue': [8_000, 50_000], wingman: [8_000, 50_000] }),
    rounds: [1, 5],
    wanted: [],
  },
];

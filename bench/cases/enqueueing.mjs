// Jobs handed over by one process.

import { contender, ratio, sized } from './shape.mjs';

const shared = { theme: 'enqueueing', measure: 'enqueue', metrics: ['rate', 'cpu', 'redis'] };

export const enqueueing = [
  {
    ...shared,
    name: 'enqueue-bulk',
    title: 'Jobs enqueued in bulk',
    settings: { way: 'bulk' },
    contenders: [
      ...sized({ floor: [150_000, 1_500_000], bullmq: [30_000, 200_000] }),
      contender('bee-queue', { jobs: 500_000, fullOnly: true }),
      contender('graphile-worker', { jobs: 150_000, store: 'postgres', fullOnly: true }),
      contender('wingman', { jobs: [180_000, 800_000] }),
    ],
    rounds: [3, 5],
    wanted: [ratio('wingman', 'bullmq', { atLeast: 6, goal: 10 })],
  },
  {
    ...shared,
    name: 'enqueue-concurrent',
    title: 'Jobs enqueued one by one, 500 calls at a time',
    settings: { way: 'concurrent' },
    contenders: sized({ bullmq: [18_000, 150_000], 'bee-queue': 200_000, wingman: [50_000, 500_000] }),
    rounds: [2, 5],
    wanted: [ratio('wingman', 'bullmq', { atLeast: 3, goal: 6 })],
  },
  {
    ...shared,
    name: 'enqueue-awaited',
    title: 'Jobs enqueued one by one, each awaited',
    settings: { way: 'awaited' },
    contenders: sized({ bullmq: [4_000, 50_000], 'bee-queue': 50_000, wingman: [6_000, 50_000] }),
    rounds: [1, 5],
    wanted: [],
  },
];

// From the call that enqueues until the handler starts.

import { contender, ratio } from './shape.mjs';

const shared = { theme: 'latency', measure: 'latency', metrics: ['p50', 'p99', 'p999'] };

export const latency = [
  {
    ...shared,
    name: 'latency-alone',
    title: 'Enqueue to start, one job alone',
    settings: { warm: [200, 500], jobs: [400, 3_000], concurrency: 10 },
    contenders: ['blpop', 'bullmq', 'bee-queue', 'wingman'].map((name) => contender(name)),
    rounds: [3, 5],
    wanted: [
      ratio('wingman', 'bullmq', { metric: 'p50', atMost: 0.6, goal: 1.5, goalTo: 'blpop' }),
      ratio('wingman', 'bullmq', { metric: 'p99', atMost: 0.5, goal: 1.5, goalTo: 'blpop' }),
    ],
  },
];

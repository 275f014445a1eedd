// From the call that enqueues until the handler starts.

import { contender, ratio } from './shape.mjs';

const shared = { theme: 'latency', measure: 'latency' };

export const latency = [
  {
    ...shared,
    name: 'latency-alone',
    title: 'Enqueue to start, one job alone',
    metrics: ['p50', 'p99', 'p999'],
    settings: { warm: [2_500, 3_000], jobs: [2_400, 6_000], inTurn: 250, concurrency: 10 },
    inTurns: true,
    contenders: [
      contender('blpop'),
      contender('bullmq'),
      contender('bee-queue', { fullOnly: true }),
      contender('wingman'),
    ],
    // The short run's single round is a warm one: V8 compiles during the first thousands of jobs, and several rounds would all be cold.
    // The full run's are more than elsewhere: p99 of a round is told by 60 jobs, and the ratio of two such changes by a tenth.
    rounds: [1, 9],
    wanted: [
      ratio('wingman', 'bullmq', { metric: 'p50', atMost: 0.6, goal: 1.5, goalTo: 'blpop' }),
      ratio('wingman', 'bullmq', { metric: 'p99', atMost: 0.5, goal: 1.5, goalTo: 'blpop' }),
    ],
  },
  {
    ...shared,
    name: 'latency-busy',
    title: 'Enqueue to start, at 10 % of each one’s own full rate (concurrency 100)',
    metrics: ['p50', 'p99', 'p999', 'sent'],
    settings: { share: 0.1, warm: [300, 2_000], concurrency: 100 },
    contenders: [
      contender('bullmq', { calibration: [8_000, 50_000], jobs: [1_200, 20_000] }),
      contender('bee-queue', { calibration: 50_000, jobs: 20_000, fullOnly: true }),
      contender('wingman', { calibration: [25_000, 200_000], jobs: [3_000, 100_000] }),
    ],
    rounds: [1, 5],
    wanted: [],
  },
];

// How long a single step may keep Redis from all others.

import { contender, figure } from './shape.mjs';

export const steps = [
  {
    name: 'million',
    theme: 'steps',
    title: 'The longest single step on Redis with 1,000,000 jobs in the system',
    measure: 'millionJobs',
    metrics: ['step', 'slowlog'],
    settings: { jobs: 1_000_000, passes: [2, 5] },
    contenders: [contender('wingman')],
    rounds: [1, 1],
    wanted: [figure('wingman', { atMost: 5, goal: 2 })],
  },
  {
    name: 'due-at-once',
    theme: 'steps',
    title: 'The longest step on Redis while 100,000 jobs (with --quick 20,000) are due at once',
    measure: 'dueAtOnce',
    metrics: ['step'],
    settings: { jobs: [20_000, 100_000], slots: 50, repeats: [2, 5] },
    contenders: [contender('wingman')],
    rounds: [1, 3],
    wanted: [figure('wingman', { atMost: 5 })],
  },
];

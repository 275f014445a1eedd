// How long a single step may keep Redis from all others.

import { contender, figure } from './shape.mjs';

export const steps = [
  {
    name: 'due-at-once',
    theme: 'steps',
    title: 'The longest step on Redis while 100,000 jobs are due at once',
    measure: 'dueAtOnce',
    metrics: ['step'],
    settings: { jobs: 100_000, slots: 50, repeats: [2, 5] },
    contenders: [contender('wingman')],
    rounds: [1, 3],
    wanted: [figure('wingman', { atMost: 5 })],
  },
];

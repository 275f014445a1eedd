// What jobs cost while they wait, and what a manager costs while there are none.

import { contender, figure, ratio } from './shape.mjs';

const memory = {
  theme: 'costs',
  measure: 'memory',
  metrics: ['bytes'],
  rounds: [1, 3],
  wanted: [],
};
const jobs = [20_000, 100_000];

export const costs = [
  {
    ...memory,
    name: 'memory-waiting',
    title: 'Memory of Redis per waiting job of 60 bytes',
    settings: { state: 'waiting', jobs },
    contenders: ['floor', 'bullmq', 'bee-queue', 'groupmq', 'wingman'].map((name) => contender(name)),
    wanted: [ratio('wingman', 'bullmq', { atMost: 1, goal: 0.8 })],
  },
  {
    ...memory,
    name: 'memory-delayed',
    title: 'Memory of Redis per delayed job of 60 bytes',
    settings: { state: 'delayed', jobs },
    contenders: ['bullmq', 'bee-queue', 'wingman'].map((name) => contender(name)),
  },
  {
    ...memory,
    name: 'memory-held',
    title: 'Memory of Redis per job of 60 bytes that waits for its lock key, of ten',
    settings: { state: 'held', jobs },
    contenders: ['groupmq', 'wingman'].map((name) => contender(name)),
  },
  {
    name: 'idle',
    theme: 'costs',
    title: 'Commands that an idle worker sends to Redis',
    measure: 'idle',
    metrics: ['commands', 'idleCpu'],
    settings: { settle: 3, seconds: [6, 60], concurrency: 100 },
    contenders: ['bullmq', 'bee-queue', 'groupmq', 'wingman'].map((name) => contender(name)),
    rounds: [1, 1],
    together: true,
    wanted: [figure('wingman', { atMost: 1, goal: 0.5 })],
  },
];

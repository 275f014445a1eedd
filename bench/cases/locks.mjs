// Locks: jobs that wait for one cost nobody anything.

import { contender, ratio } from './shape.mjs';

export const locks = [
  ...[1_000, 10_000].map((keys) => ({
    name: `lock-keys-${keys}`,
    theme: 'locks',
    fullOnly: keys === 1_000,
    title: `Jobs of ${keys.toLocaleString('en-US')} lock keys, concurrency 1 each, 50 slots`,
    measure: 'throughput',
    metrics: ['rate', 'cpu', 'redis'],
    settings: { keys, concurrency: 50 },
    contenders: [
      contender('groupmq', { jobs: [10_000, 60_000] }),
      contender('wingman', { jobs: [25_000, 200_000], keys: 0, as: 'wingman, no keys' }),
      contender('wingman', { jobs: [25_000, 200_000] }),
    ],
    rounds: keys === 10_000 ? [2, 5] : [1, 5],
    wanted:
      keys === 10_000
        ? [ratio('wingman', 'groupmq', { atLeast: 4, goal: 8 }), ratio('wingman', 'wingman, no keys', { atLeast: 0.5 })]
        : [],
  })),
  {
    name: 'stuck',
    theme: 'locks',
    title: 'Other jobs, while 100,000 are stuck behind two full keys',
    measure: 'besideStuck',
    metrics: ['rate'],
    settings: { jobs: [25_000, 200_000], slots: 50 },
    contenders: [
      contender('wingman', { stuck: 0, as: 'wingman, none stuck' }),
      contender('wingman', { stuck: 100_000, as: 'wingman, 100,000 stuck' }),
    ],
    rounds: [1, 5],
    wanted: [ratio('wingman, 100,000 stuck', 'wingman, none stuck', { atLeast: 0.8 })],
  },
  {
    name: 'releases',
    theme: 'locks',
    title: 'One exchange that frees a lock, with few and with many held jobs',
    measure: 'releases',
    metrics: ['exchange'],
    settings: { count: [800, 5_000] },
    contenders: [
      contender('wingman', { keys: 10, held: [3_000, 6_000], as: 'wingman, 10 keys' }),
      contender('wingman', { keys: 10_000, held: 100_000, as: 'wingman, 10,000 keys with 100,000 held' }),
    ],
    rounds: [1, 5],
    wanted: [ratio('wingman, 10,000 keys with 100,000 held', 'wingman, 10 keys', { atMost: 1.5 })],
  },
];

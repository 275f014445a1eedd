// What is measured, and what is asked of it. Each case names its contenders; the first is what the others are compared with.

export const cases = [
  {
    name: 'lock-keys',
    title: 'jobs of 10,000 lock keys, concurrency 1 each, 50 slots',
    unit: 'jobs/s',
    contenders: ['groupmq keys', 'wingman no-keys', 'wingman keys'],
    quick: { jobs: 30_000, keys: 10_000, slots: 50 },
    full: { jobs: 100_000, keys: 10_000, slots: 50 },
    wanted: [
      { of: 'wingman keys', to: 'wingman no-keys', atLeast: 0.5 },
      { of: 'wingman keys', to: 'groupmq keys', atLeast: 1 },
    ],
  },
  {
    name: 'stuck',
    title: 'other jobs, while 100,000 are stuck behind two full keys',
    unit: 'jobs/s',
    contenders: ['wingman free', 'wingman stuck'],
    quick: { jobs: 30_000, stuck: 100_000, slots: 50 },
    full: { jobs: 100_000, stuck: 100_000, slots: 50 },
    wanted: [{ of: 'wingman stuck', to: 'wingman free', atLeast: 0.8 }],
  },
  {
    name: 'releases',
    title: 'one release with 10,000 keys and 100,000 held jobs, and with 10 keys and some thousand',
    unit: 'µs of Redis per exchange',
    contenders: ['wingman few-held', 'wingman many-held'],
    quick: { few: { keys: 10, held: 3_000 }, many: { keys: 10_000, held: 100_000 }, releases: 2_000 },
    full: { few: { keys: 10, held: 6_000 }, many: { keys: 10_000, held: 100_000 }, releases: 5_000 },
    wanted: [{ of: 'wingman many-held', to: 'wingman few-held', atMost: 1.5 }],
  },
  {
    name: 'due-at-once',
    title: 'the longest step on Redis while 100,000 jobs are due at once',
    unit: 'ms',
    contenders: ['wingman due'],
    quick: { jobs: 100_000, slots: 50, repeats: 3 },
    full: { jobs: 100_000, slots: 50, repeats: 5 },
    wanted: [{ of: 'wingman due', atMost: 5 }],
  },
];

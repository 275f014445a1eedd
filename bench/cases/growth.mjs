// What a job costs when there are few others, and when there are very many.

import { contender, ratio } from './shape.mjs';

const sizes = [
  ['1,000', 1_000],
  ['many', [25_000, 1_000_000]],
];
const jobs = { bullmq: [8_000, 60_000], 'bee-queue': 60_000, wingman: [25_000, 300_000] };

/** @param state the setting that says how many others there are, and a word for them */
const growth = (name, setting, title) => ({
  name,
  theme: 'growth',
  fullOnly: setting === 'delayed',
  title,
  measure: 'throughput',
  metrics: ['rate', 'cpu', 'redis', 'enqueued'],
  settings: { concurrency: 100 },
  contenders: Object.entries(jobs).flatMap(([peer, count]) =>
    sizes.map(([label, others]) =>
      contender(peer, { jobs: count, [setting]: others, as: `${peer}, ${label}`, fullOnly: peer === 'bee-queue' }),
    ),
  ),
  rounds: [1, 3],
  wanted: ['bullmq', 'wingman'].map((peer) => ratio(`${peer}, many`, `${peer}, 1,000`, {})),
});

export const growing = [
  growth(
    'backlog-waiting',
    'backlog',
    'No-op jobs in front of 1,000 or of 1,000,000 (with --quick 25,000) others that wait',
  ),
  growth(
    'backlog-delayed',
    'delayed',
    'No-op jobs beside 1,000 or 1,000,000 (with --quick 25,000) others that are delayed',
  ),
  {
    name: 'heap',
    theme: 'growth',
    title: 'The heap of a manager after 1,000,000 jobs (with --quick 150,000), against the same after a tenth of them',
    measure: 'heap',
    metrics: ['growth', 'heap'],
    settings: { jobs: [150_000, 1_000_000], concurrency: 100 },
    contenders: [contender('wingman')],
    rounds: [1, 3],
    // "Flat": what cannot be told from how the garbage happens to lie.
    wanted: [{ of: 'wingman', atMost: 1.1, goal: 1.02 }],
  },
];

import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { openBackend } from '../backends/open.ts';
import type { Stats } from '../contract/backend.ts';
import { withoutPassword } from '../core/errors.ts';
import { err, out } from './colors.ts';
import { count, duration, printable } from './format.ts';
import { print } from './output.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND, readSettings } from './settings.ts';
import { type Column, table } from './table.ts';
import { refuseMemory, sqliteFile } from './where.ts';

interface StatsFlags extends CommonFlags {
  readonly json?: true;
}

const EXAMPLES = `
Examples:

wingman stats
wingman stats --json
`;

export function statsCommand(): Command {
  return new Command('stats')
    .description('show queues, workers and counters')
    .option('--json', 'print one JSON object')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
    .action(stats);
}

async function stats(flags: StatsFlags): Promise<void> {
  const { backend: url } = await readSettings(flags);
  refuseMemory(url);
  const { now, ...seen } = await look(url);
  const text =
    flags.json === true
      ? JSON.stringify({ backend: withoutPassword(url), now, ...seen })
      : statsTable(seen, now, process.stdout.columns ?? 100).join('\n');
  await print(`${text}\n`);
}

const NOTHING: Stats = {
  queues: [],
  workers: [],
  scheduled: 0,
  failed: 0,
  completed: 0,
  parked: 0,
  dead: 0,
  counters: { successful: 0, failed: 0 },
};

/** `now` is the backend's clock, by which its leases end. */
async function look(url: string): Promise<Stats & { readonly now: number }> {
  const file = sqliteFile(url);
  if (file !== null && !existsSync(file)) {
    // Only looking must not make a file.
    process.stderr.write(err.dim(`there is no file ${printable(file)} yet: nothing has been enqueued there\n`));
    return { ...NOTHING, now: Date.now() };
  }
  const backend = await openBackend(url);
  try {
    const [seen, now] = await Promise.all([backend.stats(), backend.now()]);
    return { ...seen, now };
  } finally {
    await backend.close();
  }
}

const QUEUES: readonly Column[] = [
  { title: 'queue', shrink: 'start' },
  { title: 'waiting', align: 'right' },
  { title: 'held', align: 'right' },
];
const TOTALS: readonly Column[] = [
  { title: 'jobs', shrink: 'start' },
  { title: 'number', align: 'right' },
];
const WORKERS: readonly Column[] = [
  { title: 'worker', shrink: 'end' },
  { title: 'processing', align: 'right' },
  { title: 'lease' },
];

/** What `wingman stats` prints. */
export function statsTable(seen: Stats, now: number, width: number): string[] {
  const { queues, workers, scheduled, parked, failed, completed, dead, counters } = seen;
  const processing = workers.reduce((sum, worker) => sum + worker.processing, 0);
  const totals: [string, number][] = [
    ['scheduled', scheduled],
    ['processing', processing],
    ['parked', parked],
    ['failed', failed],
    ['completed and kept', completed],
    ['dead letters', dead],
    ['successful since the beginning', counters.successful],
    ['failed since the beginning', counters.failed],
  ];
  const queueRows = queues.map(({ queue, waiting, held }) => [printable(queue), count(waiting), count(held)]);
  const workerRows = workers.map(({ worker, processing, leaseEnds }) => [
    printable(worker),
    count(processing),
    lease(leaseEnds - now),
  ]);
  return [
    ...(queues.length === 0 ? [out.dim('no queues')] : table(QUEUES, queueRows, width, out.bold)),
    '',
    ...table(
      TOTALS,
      totals.map(([name, number]) => [name, count(number)]),
      width,
      out.bold,
    ),
    '',
    ...(workers.length === 0 ? [out.dim('no workers')] : table(WORKERS, workerRows, width, out.bold)),
  ];
}

function lease(left: number): string {
  return left > 0 ? `ends in ${duration(left)}` : `ended ${duration(-left)} ago`;
}

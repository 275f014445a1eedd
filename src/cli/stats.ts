import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { openBackend } from '../backends/open.ts';
import type { Stats } from '../contract/backend.ts';
import { withoutPassword } from '../core/errors.ts';
import { type PauseInfo, pauses, type QueueLimitInfo, queueLimits } from '../inspector/controls.ts';
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

/** All that is shown. */
export interface Seen extends Stats {
  readonly pauses: readonly PauseInfo[];
  readonly limits: readonly QueueLimitInfo[];
}

const NOTHING: Seen = {
  queues: [],
  workers: [],
  scheduled: 0,
  failed: 0,
  completed: 0,
  parked: 0,
  dead: 0,
  counters: { successful: 0, failed: 0 },
  pauses: [],
  limits: [],
};

/** `now` is the backend's clock, by which its leases end. */
async function look(url: string): Promise<Seen & { readonly now: number }> {
  const file = sqliteFile(url);
  if (file !== null && !existsSync(file)) {
    // Only looking must not make a file.
    process.stderr.write(err.dim(`there is no file ${printable(file)} yet: nothing has been enqueued there\n`));
    return { ...NOTHING, now: Date.now() };
  }
  const backend = await openBackend(url);
  try {
    const [seen, now, paused, limits] = await Promise.all([
      backend.stats(),
      backend.now(),
      pauses(backend),
      queueLimits(backend),
    ]);
    return { ...seen, now, pauses: paused, limits };
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

const PAUSES: readonly Column[] = [
  { title: 'paused', shrink: 'start' },
  { title: 'since' },
  { title: 'by' },
  { title: 'why', shrink: 'end' },
];
const LIMITS: readonly Column[] = [
  { title: 'limited queue', shrink: 'start' },
  { title: 'running', align: 'right' },
  { title: 'at most', align: 'right' },
  { title: 'one starts each', align: 'right' },
];

/** What `wingman stats` prints. */
export function statsTable(seen: Seen, now: number, width: number): string[] {
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
    ...section(
      PAUSES,
      seen.pauses.map((pause) => pauseRow(pause, now)),
      width,
    ),
    ...section(LIMITS, seen.limits.map(limitRow), width),
  ];
}

/** A table after an empty line; nothing where it has no rows. */
function section(columns: readonly Column[], rows: string[][], width: number): string[] {
  return rows.length === 0 ? [] : ['', ...table(columns, rows, width, out.bold)];
}

function pauseRow({ at, by = '', reason = '', ...target }: PauseInfo, now: number): string[] {
  const name = 'queue' in target ? `queue ${target.queue}` : `type ${target.type}`;
  return [printable(name), `${duration(Math.max(0, now - at.getTime()))} ago`, printable(by), printable(reason)];
}

function limitRow({ queue, concurrency, running, rate }: QueueLimitInfo): string[] {
  const pace = rate === undefined ? '' : `${duration(rate.every)}${rate.burst > 1 ? `, ${rate.burst} at once` : ''}`;
  const most = concurrency === undefined ? '' : count(concurrency);
  return [printable(queue), running === undefined ? '' : count(running), most, pace];
}

function lease(left: number): string {
  return left > 0 ? `ends in ${duration(left)}` : `ended ${duration(-left)} ago`;
}

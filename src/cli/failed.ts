import { Command } from 'commander';
import type { JobInfo } from '../inspector/jobs.ts';
import { actOnEach, openExisting } from './acting.ts';
import { out } from './colors.ts';
import { UsageError } from './errors.ts';
import { count, plural, printable } from './format.ts';
import { print } from './output.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND, parsedBy, wholeNumber } from './settings.ts';
import { type Column, table } from './table.ts';

interface ListFlags extends CommonFlags {
  readonly limit: number;
  readonly json?: true;
}

interface ActFlags extends CommonFlags {
  readonly all?: true;
}

const EXAMPLES = `
Examples:

wingman failed list
wingman failed retry --all
wingman failed discard 0QlB2v~5sTqkGxYeJw3r9Z
`;

export function failedCommand(): Command {
  const command = new Command('failed').description('list, retry and discard jobs that have failed');
  command
    .command('list', { isDefault: true })
    .description('show the failed jobs, oldest first')
    .option('--limit <number>', 'how many at most', parsedBy(wholeNumber), 20)
    .option('--json', 'print one JSON object for each job, on a line of its own')
    .action(list);
  command
    .command('retry')
    .description('give failed jobs a new set of attempts, at the back of their queues')
    .argument('[ids...]', 'their ids')
    .option('--all', 'all that have failed by now')
    .action((ids: string[], flags: ActFlags) => act(ids, flags, 'retried'));
  command
    .command('discard')
    .description('remove failed jobs for good')
    .argument('[ids...]', 'their ids')
    .option('--all', 'all that have failed by now')
    .action((ids: string[], flags: ActFlags) => act(ids, flags, 'discarded'));
  for (const each of command.commands) {
    each
      .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
      .addOption(configOption())
      .addHelpText('after', EXAMPLES);
  }
  return command.addHelpText('after', EXAMPLES);
}

async function list(flags: ListFlags): Promise<void> {
  await using wingman = await openExisting(flags);
  const { failed: total } = await wingman.stats();
  const jobs = await wingman.list({ state: 'failed' }, { limit: flags.limit });
  if (flags.json === true) {
    await print(jobs.map((job) => `${JSON.stringify(job)}\n`).join(''));
    return;
  }
  const lines = jobs.length === 0 ? [out.dim('no failed jobs')] : failedTable(jobs, process.stdout.columns ?? 100);
  if (total > jobs.length) lines.push('', out.dim(`the oldest ${count(jobs.length)} of ${count(total)}; see --limit`));
  await print(`${lines.join('\n')}\n`);
}

const COLUMNS: readonly Column[] = [
  { title: 'id' },
  { title: 'type' },
  { title: 'attempts', align: 'right' },
  { title: 'failed at' },
  { title: 'error', shrink: 'start' },
];

/** What `wingman failed list` prints. */
function failedTable(jobs: readonly JobInfo[], width: number): string[] {
  const rows = jobs.map(({ id, type, attempts, failedAt, failures }) => {
    const last = failures.at(-1);
    const error = last === undefined ? '' : `${last.name}: ${last.message}`;
    return [id, printable(type), count(attempts), failedAt?.toISOString() ?? '', printable(error)];
  });
  return table(COLUMNS, rows, width, out.bold);
}

async function act(ids: readonly string[], flags: ActFlags, done: 'retried' | 'discarded'): Promise<void> {
  if (flags.all === true && ids.length > 0) throw new UsageError('give ids or --all, and not both');
  if (flags.all !== true && ids.length === 0) throw new UsageError('give the ids of failed jobs, or --all');
  await using wingman = await openExisting(flags);
  if (flags.all === true) {
    const number = await (done === 'retried' ? wingman.retryAllFailed() : wingman.discardAllFailed());
    await print(`${plural(number, 'job')} ${done}\n`);
    return;
  }
  await actOnEach(ids, async (id) => {
    await (done === 'retried' ? wingman.retry(id) : wingman.discard(id));
    return done;
  });
}

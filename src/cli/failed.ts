import { Command } from 'commander';
import { connect } from '../client/connect.ts';
import type { Wingman } from '../client/wingman.ts';
import { WingmanError } from '../core/errors.ts';
import type { JobInfo } from '../inspector/jobs.ts';
import { out } from './colors.ts';
import { UsageError } from './errors.ts';
import { count, plural, printable } from './format.ts';
import { print } from './output.ts';
import {
  backendOption,
  type CommonFlags,
  configOption,
  DEFAULT_BACKEND,
  parsedBy,
  readSettings,
  wholeNumber,
} from './settings.ts';
import { type Column, table } from './table.ts';
import { refuseMemory, refuseMissing } from './where.ts';

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
  await using wingman = await open(flags);
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
  await using wingman = await open(flags);
  if (flags.all === true) {
    const number = await (done === 'retried' ? wingman.retryAllFailed() : wingman.discardAllFailed());
    await print(`${plural(number, 'job')} ${done}\n`);
    return;
  }
  for (const id of ids) await actOn(wingman, id, done);
}

/** One id that is wrong does not keep the others from what was asked for them. */
async function actOn(wingman: Wingman, id: string, done: 'retried' | 'discarded'): Promise<void> {
  try {
    await (done === 'retried' ? wingman.retry(id) : wingman.discard(id));
    await print(`${printable(id)} ${done}\n`);
  } catch (error) {
    if (!(error instanceof WingmanError) || !isAboutJob(error)) throw error;
    process.stderr.write(`${printable(error.message)} (${error.code})\n`);
    process.exitCode = 1;
  }
}

function isAboutJob({ code }: WingmanError): boolean {
  return code === 'WINGMAN_JOB_NOT_FOUND' || code === 'WINGMAN_JOB_STATE';
}

async function open(flags: CommonFlags): Promise<Wingman> {
  const { backend: url } = await readSettings(flags);
  refuseMemory(url);
  refuseMissing(url);
  return connect(url);
}

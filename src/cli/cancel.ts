import { Command } from 'commander';
import type { JobFilter } from '../core/filter.ts';
import { actOnEach, openExisting } from './acting.ts';
import { UsageError } from './errors.ts';
import { plural } from './format.ts';
import { print } from './output.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND } from './settings.ts';

interface CancelFlags extends CommonFlags, JobFilter {
  readonly json?: true;
}

const EXAMPLES = `
Examples:

wingman cancel 0QlB2v~5sTqkGxYeJw3r9Z
wingman cancel --tag import-42
wingman cancel --type invoice.send --lock tenant:acme --json
`;

const WHAT = `cancel jobs: those that wait are gone at once; those that run are told to stop within a second`;

export function cancelCommand(): Command {
  return new Command('cancel')
    .description(WHAT)
    .argument('[ids...]', 'their ids')
    .option('--type <type>', 'instead of ids: all jobs of this type')
    .option('--queue <name>', 'all of this queue; where several of these are given, the jobs for which all are true')
    .option('--lock <key>', 'all that need this lock key')
    .option('--tag <tag>', 'all that have this tag')
    .option('--json', 'print an object { cancelled, cancelling }: how many are gone, and how many are told to stop')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
    .action(cancel);
}

async function cancel(ids: readonly string[], { type, queue, lock, tag, json, ...flags }: CancelFlags): Promise<void> {
  const filter: JobFilter = {
    ...(type !== undefined && { type }),
    ...(queue !== undefined && { queue }),
    ...(lock !== undefined && { lock }),
    ...(tag !== undefined && { tag }),
  };
  const isMany = Object.keys(filter).length > 0;
  if (isMany && ids.length > 0) throw new UsageError('give ids, or --type, --queue, --lock and --tag, and not both');
  if (!isMany && ids.length === 0) throw new UsageError('give the ids of jobs, or --type, --queue, --lock or --tag');
  await using wingman = await openExisting(flags);
  if (isMany) {
    const { cancelled, cancelling } = await wingman.cancelMany(filter);
    const text = `${plural(cancelled, 'job')} cancelled, ${plural(cancelling, 'job')} told to stop`;
    await print(`${json === true ? JSON.stringify({ cancelled, cancelling }) : text}\n`);
    return;
  }
  const counts = { cancelled: 0, cancelling: 0 };
  const counted = async (id: string) => {
    const result = await wingman.cancel(id);
    counts[result] += 1;
    return result;
  };
  await actOnEach(ids, counted, { isQuiet: json === true });
  if (json === true) await print(`${JSON.stringify(counts)}\n`);
}

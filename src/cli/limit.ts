import { Command } from 'commander';
import { openExisting } from './acting.ts';
import { UsageError } from './errors.ts';
import { printable } from './format.ts';
import { print } from './output.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND, parsedBy, wholeNumber } from './settings.ts';

interface LimitFlags extends CommonFlags {
  readonly concurrency?: number;
  readonly rate?: { readonly limit: number; readonly per: string };
  readonly burst?: number;
  readonly none?: true;
}

const EXAMPLES = `
Examples:

wingman limit crawl --concurrency 20
wingman limit mail --rate 100/minute --burst 10
wingman limit mail --none
`;

export function limitCommand(): Command {
  return new Command('limit')
    .description('how many jobs of a queue may run at once, and how often one may start, over all managers')
    .argument('<queue>', 'the queue')
    .option('--concurrency <number>', 'how many may run at once', parsedBy(wholeNumber))
    .option('--rate <limit/time>', "how often one may start, as '100/minute' or '5/10s'", parsedBy(rate))
    .option('--burst <number>', 'how many may start at once after a pause: 1 when left out', parsedBy(wholeNumber))
    .option('--none', 'no limit any more')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
    .action(limit);
}

async function limit(queue: string, flags: LimitFlags): Promise<void> {
  const { concurrency, rate, burst, none } = flags;
  const isLimit = concurrency !== undefined || rate !== undefined;
  if (isLimit === (none === true)) throw new UsageError('give --concurrency, --rate or both; or --none');
  if (burst !== undefined && rate === undefined) throw new UsageError('--burst goes with --rate');
  await using wingman = await openExisting(flags);
  const paced = rate === undefined ? {} : { rate: { ...rate, ...(burst !== undefined && { burst }) } };
  await wingman.limitQueue(queue, isLimit ? { ...(concurrency !== undefined && { concurrency }), ...paced } : null);
  await print(`queue ${printable(queue)} has ${isLimit ? 'its new limit' : 'no limit any more'}\n`);
}

function rate(text: string): { limit: number; per: string } {
  const [, limit = '', per = ''] = /^(\d+)\/(.+)$/.exec(text) ?? [];
  if (per === '') throw new Error("It must be a number of jobs in a time, as '100/minute' or '5/10s'.");
  return { limit: wholeNumber(limit), per: /^\d/.test(per) ? per : `1 ${per}` };
}

import { Command } from 'commander';
import type { Wingman } from '../client/wingman.ts';
import type { ScheduleInfo } from '../schedules/info.ts';
import { actOnEach, openExisting } from './acting.ts';
import { out } from './colors.ts';
import { duration, printable } from './format.ts';
import { print } from './output.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND } from './settings.ts';
import { type Column, table } from './table.ts';

interface ListFlags extends CommonFlags {
  readonly json?: true;
}

interface PauseFlags extends CommonFlags {
  readonly by?: string;
  readonly reason?: string;
}

const EXAMPLES = `
Examples:

wingman schedules list
wingman schedules pause nightly --by ada --reason 'the printer is broken'
wingman schedules run nightly
`;

export function schedulesCommand(): Command {
  const command = new Command('schedules').description('list, pause, resume, run and remove recurring schedules');
  command
    .command('list', { isDefault: true })
    .description('show all schedules, by their names')
    .option('--json', 'print one JSON object for each schedule, on a line of its own')
    .action(list);
  command
    .command('pause')
    .description('stop schedules until they are resumed')
    .argument('<names...>', 'their names')
    .option('--by <who>', 'who pauses them')
    .option('--reason <why>', 'why')
    .action((names: string[], { by, reason, ...flags }: PauseFlags) => {
      const options = { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) };
      return act(names, flags, async (wingman, name) => {
        await wingman.schedules.pause(name, options);
        return 'paused';
      });
    });
  command
    .command('resume')
    .description('let schedules go on with their next ticks')
    .argument('<names...>', 'their names')
    .action((names: string[], flags: CommonFlags) =>
      act(names, flags, async (wingman, name) => {
        const { next } = await wingman.schedules.resume(name);
        return next === undefined ? 'resumed' : `resumed, next at ${next.toISOString()}`;
      }),
    );
  command
    .command('run')
    .description('enqueue the jobs of schedules now, beside their ticks')
    .argument('<names...>', 'their names')
    .action((names: string[], flags: CommonFlags) =>
      act(names, flags, async (wingman, name) => `enqueued ${(await wingman.schedules.run(name)).id}`),
    );
  command
    .command('remove')
    .description('remove schedules; the jobs that they made stay')
    .argument('<names...>', 'their names')
    .action((names: string[], flags: CommonFlags) =>
      act(names, flags, async (wingman, name) => {
        await wingman.schedules.remove(name);
        return 'removed';
      }),
    );
  for (const each of command.commands) {
    each
      .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
      .addOption(configOption())
      .addHelpText('after', EXAMPLES);
  }
  return command.addHelpText('after', EXAMPLES);
}

async function act(
  names: readonly string[],
  flags: CommonFlags,
  how: (wingman: Wingman, name: string) => Promise<string>,
): Promise<void> {
  await using wingman = await openExisting(flags);
  await actOnEach(names, (name) => how(wingman, name));
}

/** How many are read at once. */
const STEP = 100;

async function list(flags: ListFlags): Promise<void> {
  await using wingman = await openExisting(flags);
  const all: ScheduleInfo[] = [];
  for (let isMore = true; isMore; ) {
    const schedules = await wingman.schedules.list({ offset: all.length, limit: STEP });
    all.push(...schedules);
    isMore = schedules.length === STEP;
  }
  if (flags.json === true) {
    await print(all.map((schedule) => `${JSON.stringify(schedule)}\n`).join(''));
    return;
  }
  const lines = all.length === 0 ? [out.dim('no schedules')] : schedulesTable(all, process.stdout.columns ?? 100);
  await print(`${lines.join('\n')}\n`);
}

const COLUMNS: readonly Column[] = [
  { title: 'name' },
  { title: 'when' },
  { title: 'type', shrink: 'start' },
  { title: 'next' },
  { title: 'last' },
];

/** What `wingman schedules list` prints. */
function schedulesTable(schedules: readonly ScheduleInfo[], width: number): string[] {
  const rows = schedules.map((schedule) => {
    const { name, type, last } = schedule;
    return [
      printable(name),
      printable(whenOf(schedule)),
      printable(type),
      nextOf(schedule),
      last?.tick.toISOString() ?? '',
    ];
  });
  return table(COLUMNS, rows, width, out.bold);
}

function whenOf({ cron, timezone, every }: ScheduleInfo): string {
  return every === undefined ? `${cron} ${timezone}` : `every ${duration(every)}`;
}

function nextOf({ next, paused }: ScheduleInfo): string {
  if (paused === undefined) return next?.toISOString() ?? 'ended';
  const by = paused.by === undefined ? '' : ` by ${paused.by}`;
  const reason = paused.reason === undefined ? '' : `: ${paused.reason}`;
  return printable(`paused${by}${reason}`);
}

import { hostname, userInfo } from 'node:os';
import { Command } from 'commander';
import type { PauseTarget } from '../contract/backend.ts';
import { openExisting } from './acting.ts';
import { UsageError } from './errors.ts';
import { printable } from './format.ts';
import { print } from './output.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND } from './settings.ts';

interface TargetFlags extends CommonFlags {
  readonly queue?: string;
  readonly type?: string;
}

interface PauseFlags extends TargetFlags {
  readonly by?: string;
  readonly reason?: string;
}

const PAUSES = `
Examples:

wingman pause --queue billing --reason 'the printer is out of paper'
wingman pause --type invoice.send
`;

const RESUMES = `
Example:

wingman resume --queue billing
`;

export function pauseCommand(): Command {
  return target(new Command('pause'))
    .description('let a queue, or all jobs of a type, rest: no manager takes one up, and what runs goes on')
    .option('--reason <text>', 'why: told to whoever asks what a job waits for')
    .option('--by <name>', 'who: this user on this machine when left out')
    .addHelpText('after', PAUSES)
    .action(async (flags: PauseFlags) => {
      const what = targetOf(flags);
      const { reason, by = whoAmI() } = flags;
      await using wingman = await openExisting(flags);
      await wingman.pause(what, { by, ...(reason !== undefined && { reason }) });
      await print(`${named(what)} is paused\n`);
    });
}

export function resumeCommand(): Command {
  return target(new Command('resume'))
    .description('end the rest of a queue or a type')
    .addHelpText('after', RESUMES)
    .action(async (flags: TargetFlags) => {
      const what = targetOf(flags);
      await using wingman = await openExisting(flags);
      await print(`${named(what)} ${(await wingman.resume(what)) ? 'goes on' : 'was not paused'}\n`);
    });
}

function target(command: Command): Command {
  return command
    .option('--queue <queue>', 'the queue')
    .option('--type <type>', 'the job type')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption());
}

function targetOf({ queue, type }: TargetFlags): PauseTarget {
  if (queue !== undefined && type === undefined) return { queue };
  if (type !== undefined && queue === undefined) return { type };
  throw new UsageError('either --queue or --type is needed, and not both');
}

function named(what: PauseTarget): string {
  return 'queue' in what ? `queue ${printable(what.queue)}` : `type ${printable(what.type)}`;
}

function whoAmI(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container's user may have no name.
    return hostname();
  }
}

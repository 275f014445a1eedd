import { Command, CommanderError } from 'commander';
import { cancelCommand } from './cancel.ts';
import { out } from './colors.ts';
import { demoCommand } from './demo/command.ts';
import { doctorCommand } from './doctor.ts';
import { enqueueCommand } from './enqueue.ts';
import { describeError, describeUsage, EXIT_USAGE, exitCodeOf } from './errors.ts';
import { explainCommand } from './explain.ts';
import { failedCommand } from './failed.ts';
import { limitCommand } from './limit.ts';
import { pauseCommand, resumeCommand } from './pause.ts';
import { schedulesCommand } from './schedules.ts';
import { startCommand } from './start.ts';
import { statsCommand } from './stats.ts';
import { readVersion } from './version.ts';

const EXAMPLES = `
Example: a job into the default backend, the file wingman.db, and a look at it

wingman enqueue greet '{ "name": "Ada" }'
wingman stats
`;

function makeProgram(): Command {
  const program = new Command('wingman')
    .description('Background jobs for Node.js, on an embedded SQLite file or on Redis.')
    .version(readVersion())
    .addHelpText('after', EXAMPLES);
  for (const command of [
    startCommand(),
    enqueueCommand(),
    statsCommand(),
    explainCommand(),
    failedCommand(),
    cancelCommand(),
    pauseCommand(),
    resumeCommand(),
    limitCommand(),
    schedulesCommand(),
    doctorCommand(),
    demoCommand(),
  ]) {
    program.addCommand(command);
  }
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command
      .exitOverride()
      .configureHelp({ styleTitle: (title) => out.bold(title) })
      .configureOutput({ outputError: (text, write) => write(describeUsage(text)) });
  }
  return program;
}

/** Runs the command line. Gives the exit code, and never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await makeProgram().parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has said already what it found wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    process.stderr.write(describeError(error));
    return exitCodeOf(error);
  }
}

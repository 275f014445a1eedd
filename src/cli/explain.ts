import { Command } from 'commander';
import { openExisting } from './acting.ts';
import { printable } from './format.ts';
import { print } from './output.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND } from './settings.ts';

interface ExplainFlags extends CommonFlags {
  readonly json?: true;
}

const EXAMPLES = `
Examples:

wingman explain 0QlB2v~5sTqkGxYeJw3r9Z
wingman explain 0QlB2v~5sTqkGxYeJw3r9Z --json
`;

export function explainCommand(): Command {
  return new Command('explain')
    .description('say why a job is where it is: who has its lock, what it comes behind, what is paused')
    .argument('<id>', 'its id')
    .option('--json', 'print the facts as one JSON object')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
    .action(async (id: string, flags: ExplainFlags) => {
      await using wingman = await openExisting(flags);
      const explanation = await wingman.explain(id);
      await print(`${flags.json === true ? JSON.stringify(explanation) : printable(explanation.sentence)}\n`);
    });
}

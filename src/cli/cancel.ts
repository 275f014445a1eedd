import { Command } from 'commander';
import { actOnEach, openExisting } from './acting.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND } from './settings.ts';

const EXAMPLES = `
Example:

wingman cancel 0QlB2v~5sTqkGxYeJw3r9Z
`;

const WHAT = `cancel jobs: those that wait are gone at once; those that run are told to stop within a second`;

export function cancelCommand(): Command {
  return new Command('cancel')
    .description(WHAT)
    .argument('<ids...>', 'their ids')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
    .action(async (ids: string[], flags: CommonFlags) => {
      await using wingman = await openExisting(flags);
      await actOnEach(ids, (id) => wingman.cancel(id));
    });
}

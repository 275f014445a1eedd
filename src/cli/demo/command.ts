import { Command } from 'commander';
import { backendOption, parsedBy, wholeNumber } from '../settings.ts';
import { DEFAULT_CONCURRENCY, type DemoFlags } from './flags.ts';
import { DEMO_BACKEND } from './state.ts';

const EXAMPLES = `
Each directory and each file is a job of its own, run through the backend; at most 2 jobs of one top-level folder run at
once. Regular files only; links are not followed. A run that was stopped, or killed, goes on with --resume.

Examples:

wingman demo --dir .
wingman demo --dir . --json
`;

export function demoCommand(): Command {
  return new Command('demo')
    .description('catalogue a directory tree with jobs: sizes, SHA-256, gzipped sizes, duplicates')
    .option('--dir <dir>', 'the directory (when left out: node_modules)')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, ${DEMO_BACKEND}`))
    .option(
      '--concurrency <number>',
      `how many jobs run at once (when left out: ${DEFAULT_CONCURRENCY})`,
      parsedBy(wholeNumber),
    )
    .option('--json', 'print one JSON object at the end, its seconds being those of this part of the run')
    .option('--resume', 'go on with the run that was interrupted in this folder')
    .option('--keep', "keep the run's files at the end: its results, and its database where that is the demo's own")
    .addHelpText('after', EXAMPLES)
    .action(async (flags: DemoFlags) => (await import('./demo.ts')).demo(flags));
}

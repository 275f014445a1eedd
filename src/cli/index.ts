#!/usr/bin/env node
import { main } from './program.ts';

// A reader that has seen enough, as `head`, closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// Node 22 and 24 warn of their own SQLite, which is nothing that whoever runs a command could act upon.
const warn = process.emitWarning;
Reflect.set(process, 'emitWarning', (...args: unknown[]) => {
  if (!String(args[0]).startsWith('SQLite is an experimental feature')) Reflect.apply(warn, process, args);
});

const code = await main(process.argv);
// What was written last must be out; what a user's module left open must not keep the process.
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve));
process.exit(code);

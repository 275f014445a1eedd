#!/usr/bin/env node
import { watchOutput } from './output.ts';
import { main } from './program.ts';

watchOutput();

// Node 22 and 24 warn of their own SQLite, which is nothing that whoever runs a command could act upon.
const warn = process.emitWarning;
Reflect.set(process, 'emitWarning', (...args: unknown[]) => {
  if (!String(args[0]).startsWith('SQLite is an experimental feature')) Reflect.apply(warn, process, args);
});

const code = await main(process.argv);
// What was written last must be out; what a user's module left open must not keep the process.
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve));
// A failure to write may have come to light by this.
process.exit(code === 0 ? process.exitCode : code);

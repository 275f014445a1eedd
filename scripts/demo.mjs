// `npm run demo`: sets up what is missing, then runs the command's own `wingman demo` with the arguments given.

import { join } from 'node:path';
import { fail, root, runInForeground } from './run.mjs';
import { ensureBuilt, ensureInstalled, ensureNode } from './setup.mjs';

try {
  ensureNode();
  ensureInstalled();
  ensureBuilt();
  const command = join(root, 'dist/cli/index.js');
  process.exitCode = await runInForeground(process.execPath, [command, 'demo', ...process.argv.slice(2)]);
} catch (error) {
  fail(error);
}

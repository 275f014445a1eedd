// A manager in a process of its own, from the built package, as a user's would be. Its one handler takes until it is told
// by a line on stdin that it may end. What happens is told as JSON lines on stdout; its logs go to stderr.

import { createInterface } from 'node:readline';
import { defineJob, Manager } from '../../dist/index.js';

const [backend, settings = '{}'] = process.argv.slice(2);
const tell = (event, fields = {}) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);

const lines = createInterface({ input: process.stdin });
const told = new Promise((resolve) => lines.once('line', resolve));
const slow = defineJob({ type: 'slow' });
const manager = new Manager({
  backend,
  handlers: [
    slow.handle(async (_, { id }) => {
      tell('running', { id });
      await told;
    }),
  ],
  ...JSON.parse(settings),
});
manager.on('started', ({ worker }) => tell('started', { worker }));
manager.on('stopping', ({ reason }) => tell('stopping', { reason }));
await manager.start();
tell('ended');
// From here on nothing of the manager's keeps the process alive.
process.stdin.destroy();

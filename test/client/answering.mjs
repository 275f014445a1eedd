// A manager in a process of its own, from the built package, whose jobs give a result: when a line on stdin tells that they may.

import { createInterface } from 'node:readline';
import { z } from 'zod';
import { defineJob, Manager } from '../../dist/index.js';

const [backend, settings = '{}'] = process.argv.slice(2);
const tell = (event, fields = {}) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);

const lines = createInterface({ input: process.stdin });
const told = new Promise((resolve) => lines.once('line', resolve));
const answer = defineJob({
  type: 'answer',
  input: z.number(),
  output: z.object({ answer: z.number(), by: z.number() }),
});
const manager = new Manager({
  backend,
  handlers: [
    answer.handle(async (input, { id, progress }) => {
      progress({ by: process.pid });
      tell('running', { id });
      await told;
      return { answer: 2 * input, by: process.pid };
    }),
  ],
  ...JSON.parse(settings),
});
manager.on('started', ({ worker }) => tell('started', { worker }));
await manager.start();
process.stdin.destroy();

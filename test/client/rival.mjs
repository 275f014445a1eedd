// One of several processes that want the same unique keys, from the built package as a user's would be: at each line on stdin,
// a key, it enqueues one job with that key, and tells on stdout what became of it.

import { createInterface } from 'node:readline';
import { connect, defineJob } from '../../dist/index.js';

const [, , url] = process.argv;
const wingman = await connect(url);
const build = defineJob({ type: 'build', unique: { key: ({ key }) => key } });
process.stdout.write('ready\n');
for await (const key of createInterface({ input: process.stdin })) {
  const { id, outcome } = await wingman.enqueue(build, { key });
  process.stdout.write(`${JSON.stringify({ id, outcome })}\n`);
}
await wingman.close();

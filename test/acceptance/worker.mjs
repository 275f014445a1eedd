// A worker process: node worker.mjs URL FILE CONCURRENCY. Each run of a job becomes a line of FILE.
import { appendFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Manager } from '../../dist/index.js';
import { count, step } from './jobs.mjs';

const [backend, file, concurrency] = process.argv.slice(2);

const manager = new Manager({
  backend,
  queues: ['steps', 'counting'],
  concurrency: Number(concurrency),
  handlers: [
    count.handle(({ n }) => appendFileSync(file, `${n}\n`)),
    step.handle(async ({ key, n }) => {
      // The monotonic clock is the same for all processes of a machine.
      const start = process.hrtime.bigint();
      await setImmediate();
      appendFileSync(file, `${key} ${n} ${start} ${process.hrtime.bigint()}\n`);
    }),
  ],
  logger: {
    debug() {},
    info() {},
    warn: (fields, message) => console.error(message, fields),
    error: (fields, message) => console.error(message, fields),
  },
});
manager.on('started', () => console.log('started'));
await manager.start();

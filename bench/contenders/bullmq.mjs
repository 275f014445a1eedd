// BullMQ. https://docs.bullmq.io/guide

import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

export const about = {
  name: 'BullMQ',
  package: 'bullmq',
  settings: [
    '`addBulk` in thousands for many jobs, `add` for one: the documented ways',
    '`removeOnComplete: true` and `removeOnFail: true`: what is kept costs an entry in a sorted set and the job’s hash',
    '`concurrency` as the case says: the documentation’s way to run many jobs that wait on I/O in one process',
    'one worker, and ioredis without automatic pipelining: two or four workers in the process, and pipelining, were tried and are no faster',
    'no `QueueEvents`, no metrics, no telemetry, no progress; a connection for the queue and the worker’s own',
    'locks, stalled checks and their intervals as they come: without them, jobs of a dead worker would stay lost',
  ],
};

/** As many as `addBulk` is fastest with. */
const BULK = 1_000;
const options = { removeOnComplete: true, removeOnFail: true };

export function open(url) {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue('bench', { connection });
  return {
    async enqueueMany(inputs, { delay, attempts = 1 } = {}) {
      for (let from = 0; from < inputs.length; from += BULK) {
        const batch = inputs.slice(from, from + BULK);
        await queue.addBulk(batch.map((data) => ({ name: 'job', data, opts: { ...options, delay, attempts } })));
      }
    },
    async enqueue(input) {
      await queue.add('job', input, options);
    },
    async work({ concurrency, handle }) {
      const worker = new Worker('bench', ({ data }) => handle(data), { connection, concurrency });
      await worker.waitUntilReady();
    },
  };
}

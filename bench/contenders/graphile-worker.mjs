// Graphile Worker, on PostgreSQL. https://worker.graphile.org/docs/performance

import { Logger, makeWorkerUtils, run } from 'graphile-worker';

export const about = {
  name: 'Graphile Worker',
  package: 'graphile-worker',
  settings: [
    '`addJobs` in thousands for many jobs, `addJob` for one',
    '`localQueue.size` 500 and `completeJobBatchDelay`, `failJobBatchDelay` 0: the batching that its page on performance tells of',
    'a pool of 10 connections, no logger; PostgreSQL as it comes but for `synchronous_commit = off`: a commit does not wait for the disk, as with the Redis of this bench',
    'pg-boss 12 wants Node.js 22.12; Graphile Worker 0.17 runs on every Node.js that Wingman runs on',
  ],
};

const BULK = 1_000;
const logger = new Logger(() => () => {});

export async function open(url) {
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  const spec = (payload, { delay, attempts = 1 } = {}) => ({
    identifier: 'job',
    payload,
    maxAttempts: attempts,
    ...(delay !== undefined && { runAt: new Date(Date.now() + delay) }),
  });
  return {
    async enqueueMany(inputs, options) {
      for (let from = 0; from < inputs.length; from += BULK) {
        await utils.addJobs(inputs.slice(from, from + BULK).map((input) => spec(input, options)));
      }
    },
    async enqueue(input) {
      await utils.addJob('job', input, { maxAttempts: 1 });
    },
    async work({ concurrency, handle }) {
      const worker = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0, maxPoolSize: 10 };
      await run({
        connectionString: url,
        preset: { worker: { ...worker, concurrentJobs: concurrency, logger, connectionString: url } },
        taskList: { job: handle },
        noHandleSignals: true,
      });
    },
  };
}

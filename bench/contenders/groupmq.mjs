// groupmq. https://openpanel-dev.github.io/groupmq

import { Queue, Worker } from 'groupmq';
import { Redis } from 'ioredis';

export const about = {
  name: 'groupmq',
  package: 'groupmq',
  settings: [
    'a group for each lock key: jobs of a group run one at a time',
    'jobs are added concurrently, 500 at a time: it has no call for many',
    '`orderingMethod` none (its fastest), `keepCompleted: 0`, `keepFailed: 0`, no logger, atomic completion on: as they come',
    '`concurrency` as the case says, in one worker',
  ],
};

const AT_ONCE = 500;

export function open(url) {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue({ redis, namespace: 'bench', keepCompleted: 0, keepFailed: 0 });
  const enqueue = async (input) => {
    await queue.add({ groupId: input.key ?? `job-${input.n}`, data: input, orderMs: input.n });
  };
  return {
    async enqueueMany(inputs) {
      for (let from = 0; from < inputs.length; from += AT_ONCE) {
        await Promise.all(inputs.slice(from, from + AT_ONCE).map(enqueue));
      }
    },
    enqueue,
    async work({ concurrency, handle }) {
      const worker = new Worker({ queue, concurrency, handler: ({ data }) => handle(data) });
      void worker.run();
    },
  };
}

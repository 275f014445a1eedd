// groupmq 1.1, as its README has it: a queue of groups, one job of a group at a time, a worker with that many slots. Jobs are
// added concurrently, since it has no call for many.

import { Queue, Worker } from 'groupmq';
import { Redis } from 'ioredis';

export const measures = { keys };

async function keys(url, { jobs, keys: groups, slots }) {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue({ redis, namespace: 'bench', keepCompleted: 0, keepFailed: 0 });
  for (let job = 0; job < jobs; job += 500) {
    const batch = Array.from({ length: Math.min(500, jobs - job) }, (_, at) => job + at);
    await Promise.all(batch.map((n) => queue.add({ groupId: `key-${n % groups}`, data: { n }, orderMs: n })));
  }
  let [done, from] = [0, 0];
  let tell;
  const rate = new Promise((resolve) => {
    tell = resolve;
  });
  const worker = new Worker({
    queue,
    concurrency: slots,
    handler: async () => {
      done += 1;
      if (done === Math.floor(jobs / 10)) from = performance.now();
      if (done === jobs) tell((jobs * 0.9) / ((performance.now() - from) / 1000));
    },
  });
  void worker.run();
  const figure = await rate;
  await worker.close(1_000);
  redis.disconnect();
  return figure;
}

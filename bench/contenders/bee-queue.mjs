// bee-queue. https://github.com/bee-queue/bee-queue#settings

import BeeQueue from 'bee-queue';

export const about = {
  name: 'bee-queue',
  package: 'bee-queue',
  settings: [
    '`saveAll` in thousands for many jobs (one pipeline), `save` for one',
    '`isWorker: false` where jobs are only made; `getEvents`, `sendEvents` and `storeJobs` off: nobody listens',
    '`removeOnSuccess` and `removeOnFailure`: what is kept costs memory',
    '`activateDelayedJobs` off but where jobs are delayed; `stallInterval` as it comes',
  ],
};

const BULK = 1_000;

export function open(url, { hasDelayed = false } = {}) {
  const settings = { redis: url, getEvents: false, sendEvents: false, storeJobs: false };
  const queue = new BeeQueue('bench', { ...settings, isWorker: false });
  const make = (input, { delay, attempts = 1 } = {}) => {
    const job = queue.createJob(input).retries(attempts - 1);
    return delay === undefined ? job : job.delayUntil(Date.now() + delay);
  };
  return {
    async enqueueMany(inputs, options) {
      for (let from = 0; from < inputs.length; from += BULK) {
        const jobs = inputs.slice(from, from + BULK).map((input) => make(input, options));
        for (const error of (await queue.saveAll(jobs)).values()) throw error;
      }
    },
    async enqueue(input) {
      await make(input).save();
    },
    async work({ concurrency, handle }) {
      const removed = { removeOnSuccess: true, removeOnFailure: true };
      const worker = new BeeQueue('bench', { ...settings, ...removed, activateDelayedJobs: hasDelayed });
      await worker.ready();
      worker.process(concurrency, ({ data }) => handle(data));
    },
  };
}

// The floor: what Redis itself can do over one connection with one client, with no guarantee at all. A job is lost with the process
// that took it, nothing is locked, retried, delayed or told of. No queue can be faster than this.

import { Redis } from 'ioredis';

export const about = {
  name: 'floor',
  package: 'ioredis',
  settings: [
    '`RPUSH` and `LPOP` of a hundred jobs at a time over one connection, one after another, and no JSON is parsed',
  ],
};

const BATCH = 100;

export const open = (url) => openList(url, take);

/** A list of payloads. `take` pops them on a connection of its own. */
export function openList(url, take) {
  const redis = new Redis(url);
  return {
    async enqueueMany(inputs) {
      for (let from = 0; from < inputs.length; from += BATCH) {
        await redis.rpush('bench', ...inputs.slice(from, from + BATCH).map((input) => JSON.stringify(input)));
      }
    },
    async enqueue(input) {
      await redis.rpush('bench', JSON.stringify(input));
    },
    async work({ handle }) {
      void take(new Redis(url), handle);
    },
  };
}

async function take(redis, handle) {
  for (;;) {
    const jobs = await redis.lpop('bench', BATCH);
    for (const job of jobs ?? []) void handle(job);
  }
}

// The floor of latency: a bare BLPOP that waits on a connection of its own, with no guarantee at all.

import { Redis } from 'ioredis';

export const about = {
  name: 'BLPOP',
  package: 'ioredis',
  settings: ['one `RPUSH` on one connection, one `BLPOP` that waits on another'],
};

export function open(url) {
  const redis = new Redis(url);
  return {
    async enqueueMany(inputs) {
      await redis.rpush('bench', ...inputs.map((input) => JSON.stringify(input)));
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
    const [, job] = await redis.blpop('bench', 0);
    void handle(JSON.parse(job));
  }
}

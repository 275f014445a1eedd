// The floor of latency: a bare BLPOP that waits on a connection of its own, with no guarantee at all.

import { openList } from './floor.mjs';

export const about = {
  name: 'BLPOP',
  package: 'ioredis',
  settings: ['one `RPUSH` on one connection, one `BLPOP` that waits on another'],
};

export const open = (url) => openList(url, take);

async function take(redis, handle) {
  for (;;) {
    const [, job] = await redis.blpop('bench', 0);
    void handle(JSON.parse(job));
  }
}

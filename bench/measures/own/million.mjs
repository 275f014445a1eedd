// The longest single step of Redis with a million jobs in the system, in milliseconds: waiting, scheduled, and held. Everything that
// clients, managers, the leader and operators do is done, each step as large as they ever make it, and timed by the server's own count.
// All of it is gone through several times, and each step counts with the shortest time that it had: what interrupts one by chance is
// told from what it takes. Beside it, SLOWLOG's longest of the whole run, interruptions included, in which a real manager has its part.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { open } from '../../../dist/backends/redis/index.js';
import { defineJob } from '../../../dist/index.js';
import { Books, HOUR, locksOf } from './million/books.mjs';
import { clients } from './million/clients.mjs';
import { leader } from './million/leader.mjs';
import { managers } from './million/managers.mjs';
import { operators } from './million/operators.mjs';
import { quietManager } from './shared.mjs';

export async function millionJobs(_, url, { jobs, passes }) {
  const redis = new Redis(url);
  // Grants of the other are too old at once.
  const books = new Books(await open({ url }), await open({ url, grantTimeout: 1 }), redis);
  await books.add('plain', jobs * 0.5);
  await books.add('plain', jobs * 0.35, () => ({ due: { in: HOUR } }));
  await books.add('keyed', jobs * 0.1, locksOf('key'));
  await books.add('thrice-keyed', jobs * 0.05, locksOf('thrice', { each: 3 }));
  for (const queue of Object.keys(books.holders)) {
    books.holders[queue] = await books.claim(await books.worker(), queue, jobs);
  }
  await books.checkIn();
  await redis.config('SET', 'slowlog-max-len', 100_000);
  await redis.slowlog('reset');
  for (let pass = 0; pass < passes; pass += 1) {
    for (const work of [clients, managers, leader, operators]) await work(books);
    books.endPass();
  }
  const handlers = ['plain', 'keyed'].map((type) => defineJob({ type, queue: type }).handle(async () => {}));
  void quietManager({ backend: url, handlers, concurrency: 500 }).start();
  await sleep(2_000);
  const slow = await redis.slowlog('get', 100_000);
  const { longest } = books;
  const most = Math.max(0, ...slow.map(([, , spent]) => spent)) / 1000;
  const note = `the longest: ${longest
    .slice(0, 8)
    .map(([name, time]) => `${name} ${time.toFixed(2)}`)
    .join('; ')}`;
  return { step: longest[0][1], slowlog: most, note };
}

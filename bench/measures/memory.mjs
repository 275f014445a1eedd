// Bytes of Redis for each job that waits, is delayed, or is held behind a full lock.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { fill } from './inputs.mjs';

const KEYS = 10;

/** @param settings.jobs how many there are; `state`: waiting, delayed or held */
export async function memory(open, url, { jobs, state }) {
  const redis = new Redis(url);
  const isHeld = state === 'held';
  const client = await open(url, { isKeyed: isHeld });
  // What a first call makes once and for all is no job's.
  const keys = isHeld ? KEYS : 0;
  await fill(client, 1, { keys }, { delay: 3_600_000 });
  const before = await used(redis);
  await fill(client, jobs, { from: 1, keys }, state === 'delayed' ? { delay: 3_600_000 } : {});
  // With those whose jobs wait for their turn anyway, one that is held is one that waits.
  if (isHeld && client.held !== undefined) await hold(client, jobs);
  return { bytes: ((await used(redis)) - before) / jobs };
}

/** One job of each key hangs; the slot that is left looks at all others. */
async function hold(client, jobs) {
  await client.work({ concurrency: KEYS + 1, handle: () => new Promise(() => {}) });
  while ((await client.held()) < jobs - KEYS) await sleep(50);
}

async function used(redis) {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1]);
}

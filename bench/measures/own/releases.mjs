// Microseconds that Redis works for one exchange which settles a job and so grants its key's next, of so many held ones.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { connect, defineJob } from '../../../dist/index.js';
import { countTo, each, quietManager } from './shared.mjs';

const keyed = defineJob({ type: 'keyed', lock: ({ key }) => ({ key, concurrency: 1 }) });

export async function releases(_, url, { keys, held, count }) {
  const wingman = await connect(url);
  await wingman.enqueueMany(
    keyed,
    each(held + keys, (job) => ({ key: `key-${job % keys}` })),
  );
  // One slot more than keys, by which all others come up and are held.
  const waiting = keyed.handle((_input, { signal }) => aborted(signal));
  const gate = quietManager({ backend: url, handlers: [waiting], concurrency: keys + 1, grace: 0 });
  const gated = gate.start();
  while (((await wingman.stats()).queues[0]?.held ?? 0) < held) await sleep(50);
  await gate.stop();
  await gated;
  const redis = new Redis(url);
  await redis.config('RESETSTAT');
  const counter = countTo(count);
  void quietManager({ backend: url, handlers: [keyed.handle(counter.done)], concurrency: 1 }).start();
  await counter.rate;
  const stats = await redis.info('commandstats');
  return { exchange: Number(/cmdstat_evalsha:calls=\d+,usec=\d+,usec_per_call=([\d.]+)/.exec(stats)[1]) };
}

function aborted(signal) {
  return new Promise((resolve) => signal.addEventListener('abort', resolve));
}

// Jobs per second of one process that works off what is waiting, with its CPU time and that of Redis for each job. The first of the
// jobs warm it up and do not count.

import { setTimeout as sleep } from 'node:timers/promises';
import { fill } from './inputs.mjs';
import { openMeter } from './meter.mjs';

/** The share of the jobs that warm up. */
const WARM = 0.4;
const MORE = 10_000;

/**
 * @param settings.jobs how many run; `concurrency`; `size` of a payload in bytes; `keys`: over so many lock keys; `attempts`: all but the
 *   last of each job fail; `handlerTime`: what a handler waits for, in ms; `backlog`: so many others wait, or are `delayed`
 */
export async function throughput(open, url, settings) {
  const { jobs, concurrency, size, keys = 0, attempts = 1, handlerTime = 0, backlog = 0, delayed = 0 } = settings;
  const client = await open(url, { isKeyed: keys > 0, attempts, hasDelayed: delayed > 0 });
  await fill(client, delayed, { size }, { delay: 3_600_000 });
  await fill(client, jobs + backlog, { size, keys }, { attempts });
  const more = backlog + delayed > 0 ? { enqueued: await enqueueRate(client, size) } : {};
  globalThis.gc();
  const meter = await openMeter(url);
  const warm = Math.floor(jobs * WARM);
  const tries = new Map();
  let done = 0;
  return new Promise((resolve, reject) => {
    const count = () => {
      done += 1;
      if (done === warm) meter.start();
      if (done === jobs) meter.stop(jobs - warm).then((figures) => resolve({ ...figures, ...more }), reject);
    };
    const handle = async (input) => {
      if (handlerTime > 0) await sleep(handlerTime);
      if (attempts > 1) failUntil(attempts, tries, input.n);
      count();
    };
    Promise.resolve(client.work({ concurrency, handle })).catch(reject);
  });
}

/** Jobs per second that are enqueued in bulk beside all that are there. */
async function enqueueRate(client, size) {
  const from = performance.now();
  await fill(client, MORE, { size });
  return MORE / ((performance.now() - from) / 1000);
}

function failUntil(attempts, tries, n) {
  const attempt = (tries.get(n) ?? 0) + 1;
  if (attempt < attempts) {
    tries.set(n, attempt);
    throw new Error('not yet');
  }
  tries.delete(n);
}

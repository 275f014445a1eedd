// Jobs enqueued per second by one process: in bulk, one after another, or one by one with many calls under way.

import { inputs } from './inputs.mjs';
import { openMeter } from './meter.mjs';

/** Calls that are made at once, and those that follow when all of these are answered. */
const AT_ONCE = 500;
const PIECE = 10_000;

const ways = {
  async bulk(client, jobs) {
    await client.enqueueMany(jobs);
  },
  async awaited(client, jobs) {
    for (const job of jobs) await client.enqueue(job);
  },
  async concurrent(client, jobs) {
    for (let from = 0; from < jobs.length; from += AT_ONCE) {
      await Promise.all(jobs.slice(from, from + AT_ONCE).map((job) => client.enqueue(job)));
    }
  },
};

/** @param settings.way one of the above; `jobs`, the first third of which warm up; `size` of a payload in bytes */
export async function enqueue(open, url, { way, jobs, size }) {
  const client = await open(url);
  const meter = await openMeter(url);
  const send = async (from, to) => {
    for (let at = from; at < to; at += PIECE) {
      await ways[way](client, inputs(Math.min(PIECE, to - at), { from: at, size }));
    }
  };
  const warm = Math.floor(jobs / 3);
  await send(0, warm);
  globalThis.gc();
  meter.start();
  await send(warm, jobs);
  return meter.stop(jobs - warm);
}

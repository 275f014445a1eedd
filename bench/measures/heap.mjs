// The heap of a process that has worked off so many jobs, against the same after a tenth of them; each time with nothing left to do,
// after the garbage is collected.

import { setTimeout as sleep } from 'node:timers/promises';
import { inputs } from './inputs.mjs';

const PIECE = 10_000;

export async function heap(open, url, { jobs, concurrency }) {
  const client = await open(url);
  let [done, target, tell] = [0, 0, () => {}];
  const handle = async () => {
    done += 1;
    if (done === target) tell();
  };
  await client.work({ concurrency, handle });
  const sizes = [];
  for (const count of [jobs / 10, jobs]) {
    while (done < count) {
      target = done + PIECE;
      const all = new Promise((resolve) => {
        tell = resolve;
      });
      await client.enqueueMany(inputs(PIECE, { from: done }));
      await all;
    }
    sizes.push(await measured());
  }
  return { growth: sizes[1] / sizes[0], heap: sizes[1] / 1_000_000 };
}

async function measured() {
  // What is settled last, and what timers still hold.
  await sleep(1_000);
  globalThis.gc();
  await sleep(100);
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

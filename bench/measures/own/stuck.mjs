// Jobs per second of those that need no lock, while two jobs hang for whose keys so many others wait: a job that is held costs nobody
// anything.

import { setTimeout as sleep } from 'node:timers/promises';
import { connect, defineJob } from '../../../dist/index.js';
import { countTo, each, quietManager } from './shared.mjs';

const plain = defineJob({ type: 'plain' });
const keyed = defineJob({ type: 'keyed', lock: ({ key }) => ({ key, concurrency: 1 }) });

/** @param settings.jobs how many run; `stuck`: how many wait behind two full keys; `slots`, and two more for those that hang */
export async function besideStuck(_, url, { jobs, stuck, slots }) {
  const wingman = await connect(url);
  const never = new Promise(() => {});
  const counter = countTo(jobs);
  const handlers = [plain.handle(counter.done), keyed.handle(() => never)];
  await wingman.enqueueMany(
    keyed,
    each(stuck + 2, (job) => ({ key: `key-${job % 2}` })),
  );
  void quietManager({ backend: url, handlers, concurrency: slots + 2 }).start();
  while ((await wingman.stats()).queues[0]?.held !== stuck) await sleep(50);
  await wingman.enqueueMany(
    plain,
    each(jobs, () => ({})),
  );
  return { rate: await counter.rate };
}

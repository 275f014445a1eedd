// Wingman: the built package as it comes, on Redis or on an SQLite file, one manager in this process.

import { connect, defineJob, Manager } from '../../dist/index.js';

export const about = {
  name: 'Wingman',
  settings: [
    '`enqueueMany` for many jobs, `enqueue` for one',
    'leases, the heartbeat’s thread, tokens, idempotent calls and the leader’s sweeps as they come: nothing is switched off',
    'no log is written, as with the others; `concurrency` as the case says',
  ],
};

const quiet = { debug() {}, info() {}, warn() {}, error() {}, isLevelEnabled: () => false };

/** Failed attempts run again at once, as they do with the peers where no backoff is asked for. */
const retry = (attempts) => ({ attempts, backoff: () => 0 });

export async function open(url, { isKeyed = false, attempts = 1 } = {}) {
  const wingman = await connect(url);
  const lock = isKeyed ? { lock: ({ key }) => ({ key, concurrency: 1 }) } : {};
  const type = defineJob({ type: 'job', retry: retry(attempts), ...lock });
  return {
    async enqueueMany(inputs, { delay } = {}) {
      await wingman.enqueueMany(type, inputs, delay === undefined ? {} : { delay });
    },
    async enqueue(input) {
      await wingman.enqueue(type, input);
    },
    async work({ concurrency, handle }) {
      const handlers = [type.handle(handle)];
      const manager = new Manager({ backend: url, handlers, concurrency, logger: quiet, signals: false });
      const started = new Promise((resolve) => manager.once('started', resolve));
      await Promise.race([manager.start(), started]);
    },
    /** How many jobs wait beside the queue for their lock. */
    async held() {
      return (await wingman.stats()).queues[0]?.held ?? 0;
    },
  };
}

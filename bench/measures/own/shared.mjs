// What the measures of Wingman alone share: the built package, and a manager that keeps quiet.

import { Manager } from '../../../dist/index.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export function quietManager(options) {
  return new Manager({ logger: quiet, signals: false, ...options });
}

export function* each(count, make) {
  for (let job = 0; job < count; job += 1) yield make(job);
}

/** A handler that counts; and the rate at which it was called, without the first part. */
export function countTo(jobs, warm = 0.3) {
  let [done, from] = [0, 0];
  const first = Math.floor(jobs * warm);
  let tell;
  const rate = new Promise((resolve) => {
    tell = resolve;
  });
  return {
    rate,
    done: async () => {
      done += 1;
      if (done === first) from = performance.now();
      if (done === jobs) tell((jobs - first) / ((performance.now() - from) / 1000));
    },
  };
}

// Milliseconds from the call that enqueues until the handler starts, both in one process: a job alone, or at a share of what the same
// process can do at most.

import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../report/statistics.mjs';
import { turn } from '../turns.mjs';
import { fill } from './inputs.mjs';

const NUMBER = 10_000_000;

/**
 * @param settings.jobs how many are timed, after `warm` others; `share` of the full rate, or one at a time where left out: then `inTurn`
 *   of them before the other contenders have their turn
 */
export async function latency(open, url, { jobs, warm, share, calibration, concurrency, inTurn }) {
  const client = await open(url);
  const watch = stopwatch(client);
  let rate = 0;
  if (share !== undefined) {
    await fill(client, calibration);
    const all = watch.expect(calibration);
    const from = performance.now();
    await client.work({ concurrency, handle: watch.handle });
    await all;
    rate = calibration / (performance.now() - from);
  } else {
    await client.work({ concurrency, handle: watch.handle });
  }
  const times =
    share === undefined ? await alone(watch, warm + jobs, inTurn) : await paced(watch, warm + jobs, rate * share);
  const sorted = times.slice(warm).sort();
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    ...(share === undefined ? {} : { sent: rate * share * 1000 }),
  };
}

/** One after another, with a pause in which its books are closed and whoever waits goes back to waiting. */
async function alone(watch, jobs, inTurn) {
  const times = new Float64Array(jobs);
  for (let n = 0; n < jobs; n += 1) {
    if (n % inTurn === 0) await turn();
    times[n] = await watch.time(n);
    await sleep(1 + (n % 3));
  }
  return times;
}

/** So many a millisecond, whatever has become of those before. */
async function paced(watch, jobs, rate) {
  const waiting = [];
  const from = performance.now();
  while (waiting.length < jobs) {
    const due = Math.min(jobs, Math.ceil((performance.now() - from) * rate));
    while (waiting.length < due) waiting.push(watch.time(waiting.length));
    await sleep(1);
  }
  return Float64Array.from(await Promise.all(waiting));
}

function stopwatch(client) {
  const started = new Map();
  let [left, tell] = [0, () => {}];
  return {
    expect(count) {
      left = count;
      return new Promise((resolve) => {
        tell = resolve;
      });
    },
    handle: async ({ n }) => {
      const told = started.get(n);
      if (told !== undefined) {
        started.delete(n);
        return told(performance.now());
      }
      left -= 1;
      if (left === 0) tell();
    },
    async time(n) {
      const start = new Promise((resolve) => started.set(NUMBER + n, resolve));
      const from = performance.now();
      const sent = client.enqueue({ n: NUMBER + n, text: 'x'.repeat(30) });
      const time = (await start) - from;
      await sent;
      return time;
    },
  };
}

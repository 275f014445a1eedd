// Wingman: the built package, one manager in this process. Prints one figure for the case that it is asked for.

import { setPriority } from 'node:os';
import { Redis } from 'ioredis';
import { connect, defineJob, Manager } from '../../dist/index.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const plain = defineJob({ type: 'plain' });
const keyed = defineJob({ type: 'keyed', lock: ({ key }) => ({ key, concurrency: 1 }) });

export const measures = {
  keys: (url, settings) => throughput(url, keyed, settings),
  'no-keys': (url, settings) => throughput(url, plain, settings),
  free: (url, settings) => besideStuck(url, { ...settings, stuck: 0 }),
  stuck: besideStuck,
  'few-held': (url, { few, releases }) => releaseTime(url, few, releases),
  'many-held': (url, { many, releases }) => releaseTime(url, many, releases),
  due: longestStep,
};

/** Jobs per second, from when a tenth is done to the end. */
async function throughput(url, type, { jobs, keys, slots }) {
  const wingman = await connect(url);
  await wingman.enqueueMany(
    type,
    inputs(jobs, (job) => ({ key: `key-${job % keys}` })),
  );
  const counter = countTo(jobs);
  const manager = new Manager({ backend: url, handlers: [type.handle(counter.done)], concurrency: slots, ...settled });
  const served = manager.start();
  const figure = await counter.rate;
  await manager.stop();
  await served;
  await wingman.close();
  return figure;
}

/** The same, with two slots more, in which two jobs hang whose keys many others wait for. */
async function besideStuck(url, { jobs, stuck, slots }) {
  const wingman = await connect(url);
  const end = new AbortController();
  const hung = new Promise((resolve) => end.signal.addEventListener('abort', resolve));
  const counter = countTo(jobs);
  const handlers = [plain.handle(counter.done), keyed.handle(() => hung)];
  const manager = new Manager({ backend: url, handlers, concurrency: slots + 2, ...settled });
  await wingman.enqueueMany(
    keyed,
    inputs(stuck + 2, (job) => ({ key: `key-${job % 2}` })),
  );
  const served = manager.start();
  while ((await wingman.stats()).queues[0]?.held !== stuck) await pause(50);
  await wingman.enqueueMany(
    plain,
    inputs(jobs, () => ({})),
  );
  const figure = await counter.rate;
  end.abort();
  // What was stuck is of no more interest.
  await wingman.pause({ queue: 'default' });
  await manager.stop();
  await served;
  await wingman.close();
  return figure;
}

/** Microseconds that Redis works for one exchange which settles a job and so grants its key's next, of so many held ones. */
async function releaseTime(url, { keys, held }, releases) {
  const wingman = await connect(url);
  await wingman.enqueueMany(
    keyed,
    inputs(held + keys, (job) => ({ key: `key-${job % keys}` })),
  );
  const manager = (options) =>
    new Manager({ backend: url, handlers: [keyed.handle(() => undefined)], ...settled, ...options });
  // One slot more than keys, by which all others come up and are held.
  let isHeld = false;
  const gate = manager({
    concurrency: keys + 1,
    handlers: [keyed.handle((_, { signal }) => aborted(signal))],
    grace: 0,
  });
  const gated = gate.start();
  while (!isHeld) {
    isHeld = ((await wingman.stats()).queues[0]?.held ?? 0) >= held;
    await pause(50);
  }
  const redis = new Redis(url);
  await gate.stop();
  await gated;
  await redis.config('RESETSTAT');
  const counter = countTo(releases);
  const one = manager({ concurrency: 1, handlers: [keyed.handle(counter.done)] });
  const served = one.start();
  await counter.rate;
  const stats = await redis.info('commandstats');
  await one.stop();
  await served;
  redis.disconnect();
  await wingman.close();
  return Number(/cmdstat_evalsha:calls=\d+,usec=\d+,usec_per_call=([\d.]+)/.exec(stats)[1]);
}

/** The longest command in milliseconds, by SLOWLOG, while jobs that are due at the same instant are promoted and run. */
async function longestStep(url, { jobs, slots }) {
  // It is Redis that is measured: what it does must not be interrupted by what this process does beside it.
  setPriority(10);
  const wingman = await connect(url);
  // The server reads each script once, which takes some milliseconds: that is no step of a job.
  await wingman.enqueueMany(
    plain,
    inputs(20, () => ({})),
  );
  const first = countTo(20);
  const warming = new Manager({ backend: url, handlers: [plain.handle(first.done)], concurrency: slots, ...settled });
  const warm = warming.start();
  await first.rate;
  await warming.stop();
  await warm;
  const redis = new Redis(url);
  const runAt = new Date(Date.now() + 6_000 + jobs / 20);
  await wingman.enqueueMany(
    plain,
    inputs(jobs, () => ({})),
    { runAt },
  );
  await redis.slowlog('RESET');
  const counter = countTo(jobs);
  const manager = new Manager({ backend: url, handlers: [plain.handle(counter.done)], concurrency: slots, ...settled });
  const served = manager.start();
  await counter.rate;
  const slow = await redis.slowlog('GET', 1000);
  await manager.stop();
  await served;
  redis.disconnect();
  await wingman.close();
  if (process.env.WINGMAN_BENCH_SHOW) {
    for (const [, , time, words] of slow) process.stderr.write(`${time} ${words.slice(0, 2)} ${words.slice(-2)}\n`);
  }
  // Those below a millisecond are not on the list.
  return Math.max(1_000, ...slow.map(([, , microseconds]) => microseconds)) / 1000;
}

const settled = { logger: quiet, signals: false };

function* inputs(count, make) {
  for (let job = 0; job < count; job += 1) yield make(job);
}

/** A handler that counts; and the rate at which it was called, without the first tenth. */
function countTo(jobs) {
  let [done, from] = [0, 0];
  let tell;
  const rate = new Promise((resolve) => {
    tell = resolve;
  });
  return {
    rate,
    done: () => {
      done += 1;
      if (done === Math.floor(jobs / 10)) from = performance.now();
      if (done === jobs) tell((jobs * 0.9) / ((performance.now() - from) / 1000));
    },
  };
}

function aborted(signal) {
  return new Promise((resolve) => signal.addEventListener('abort', resolve));
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

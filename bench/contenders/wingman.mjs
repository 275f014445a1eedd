// Wingman: the built package, one manager in this process. Prints one figure for the case that it is asked for.

import { Redis } from 'ioredis';
import { open } from '../../dist/backends/redis/index.js';
import { connect, defineJob, Manager } from '../../dist/index.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
/** As many jobs as the leader promotes in a step: src/scheduler/sweep.ts. */
const STEP = 100;
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

/**
 * The longest step of Redis in milliseconds, by its own count of each call, while jobs that are due at the same instant are promoted
 * and run. The steps are the same ones each time they are gone through, so what interrupts one of them by chance is told from what
 * it takes: each counts with the shortest time that it had.
 */
async function longestStep(url, { jobs, slots, repeats }) {
  const redis = new Redis(url);
  const runs = [];
  for (let run = 0; run < repeats; run += 1) {
    const backend = await open({ url, prefix: `run-${run}` });
    runs.push(await stepsOf(backend, redis, jobs, slots));
    await backend.close();
  }
  redis.disconnect();
  const shortest = runs[0].map((_, step) => Math.min(...runs.map((times) => times[step])));
  // The server reads each script at its first call, once in its life: that is in one run alone, and so does not count.
  return Math.max(...shortest) / 1000;
}

/** Microseconds of each step. */
async function stepsOf(backend, redis, jobs, slots) {
  let sequence = 0;
  const call = () => {
    sequence += 1;
    return { client: 'bench', sequence, floor: sequence };
  };
  const times = [];
  const timed = async (step) => {
    await redis.config('RESETSTAT');
    const reply = await step();
    const stats = await redis.info('commandstats');
    const spent = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=\d+,usec=(\d+)/g)].map(([, usec]) => Number(usec));
    times.push(spent.reduce((sum, usec) => sum + usec, 0));
    return reply;
  };
  const job = (n) => ({ id: `job-${n}`, type: 'plain', queue: 'q', payload: '{}', locks: [], due: { at } });
  const at = (await backend.now()) + 15_000;
  for (let n = 0; n < jobs; n += 500) {
    const batch = Array.from({ length: Math.min(500, jobs - n) }, (_, index) => job(n + index));
    await backend.enqueue(call(), batch);
  }
  while ((await backend.now()) <= at) await pause(10);
  const worker = 'bench';
  await backend.register(worker, 3_600_000);
  const claim = { queues: ['q'], count: slots, locks: 'take' };
  let settlements = [];
  for (let left = jobs; left > 0 || settlements.length > 0; ) {
    if (left > 0) left -= (await timed(() => backend.promote(STEP))).moves.length;
    // Two managers' worth of claims for each step of the promoter, so that the queue does not grow without end.
    for (let turn = 0; turn < 2; turn += 1) {
      const { claimed } = await timed(() => backend.exchange(call(), { worker, settlements, claim }));
      settlements = claimed.map((done) => ({ job: done, outcome: { kind: 'completed' } }));
    }
  }
  return times;
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

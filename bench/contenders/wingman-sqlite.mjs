// Wingman on a SQLite file: the built package. Prints one figure for the case that it is asked for.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect, defineJob, Manager } from '../../dist/index.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const plain = defineJob({ type: 'plain' });
const keyed = defineJob({ type: 'keyed', lock: ({ key }) => ({ key, concurrency: 1 }) });
const TEXT = 'some sixty bytes, as in all cases of jobs';
/** Milliseconds between two reports of a process. */
const REPORT = 10;

export const measures = {
  'no-op': (url, settings) => throughput(url, plain, settings),
  keys: (url, settings) => throughput(url, keyed, settings),
  'no-op-processes': byProcesses,
  'enqueue-bulk': (url, { jobs }) => enqueueing(url, jobs, (wingman) => wingman.enqueueMany(plain, inputs(jobs))),
  'enqueue-single': (url, { jobs }) => enqueueing(url, jobs, oneByOne),
  'enqueue-concurrent': (url, { jobs }) => enqueueing(url, jobs, allAtOnce),
};

/** Jobs per second, from when a tenth is done to the end: one manager in this process. */
async function throughput(url, type, { jobs, slots, keys }) {
  const file = location(url);
  await fill(file, type, jobs, keys);
  const meter = measure(jobs);
  const manager = managerOf(file, type, slots, () => meter.count(1));
  const served = manager.start();
  const figure = await meter.figure;
  await manager.stop();
  await served;
  return figure;
}

/** The same, with managers in several processes. */
async function byProcesses(url, { jobs, slots, processes }) {
  const file = location(url);
  await fill(file, plain, jobs);
  const words = [file, String(slots)];
  const workers = Array.from({ length: processes }, () => fork(fileURLToPath(import.meta.url), words));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const meter = measure(jobs);
  for (const worker of workers) worker.on('message', meter.count).send('go');
  const figure = await meter.figure;
  for (const worker of workers) worker.kill('SIGKILL');
  return figure;
}

/** Jobs per second that are enqueued in some way. */
async function enqueueing(url, jobs, enqueue) {
  const wingman = await connect(location(url));
  const from = performance.now();
  await enqueue(wingman, jobs);
  const figure = jobs / ((performance.now() - from) / 1_000);
  await wingman.close();
  return figure;
}

async function oneByOne(wingman, jobs) {
  for (const input of inputs(jobs)) await wingman.enqueue(plain, input);
}

async function allAtOnce(wingman, jobs) {
  await Promise.all(Array.from(inputs(jobs), (input) => wingman.enqueue(plain, input)));
}

function location(url) {
  return url.startsWith('sqlite:') ? url : `sqlite:${url}`;
}

async function fill(url, type, jobs, keys) {
  const wingman = await connect(url);
  await wingman.enqueueMany(type, inputs(jobs, keys));
  await wingman.close();
}

function* inputs(jobs, keys = 10_000) {
  for (let job = 0; job < jobs; job += 1) yield { key: `key-${job % keys}`, text: TEXT };
}

function managerOf(url, type, slots, handler) {
  return new Manager({
    backend: url,
    handlers: [type.handle(handler)],
    concurrency: slots,
    logger: quiet,
    signals: false,
  });
}

/** Counts what is done. The figure comes when all is. */
function measure(jobs) {
  let [done, from] = [0, 0];
  let tell;
  const figure = new Promise((resolve) => {
    tell = resolve;
  });
  const count = (more) => {
    if (done < jobs / 10 && done + more >= jobs / 10) from = performance.now();
    done += more;
    if (done === jobs) tell((jobs * 0.9) / ((performance.now() - from) / 1_000));
  };
  return { figure, count };
}

// One of several processes: it says when it is there, works when it is told to, and says what it has done.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url, slots] = process.argv.slice(2);
  let unsaid = 0;
  const manager = managerOf(url, plain, Number(slots), () => {
    unsaid += 1;
  });
  process.send(0);
  await once(process, 'message');
  setInterval(() => {
    if (unsaid > 0) process.send(unsaid);
    unsaid = 0;
  }, REPORT);
  await manager.start();
}

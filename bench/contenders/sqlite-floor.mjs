// What SQLite itself can do: a bare loop over the same file as Wingman's (its tables, indexes, journal and `synchronous`), by the same
// driver. For each job it does the writes that Wingman does to the job's row, and nothing else: no locks, no leases, no counts, no
// replies that are kept, no promises. So the ratio says what all of that costs.
//
// `no-op` has one statement for a batch where Wingman has one: the fastest that is known. `no-op-by-row` has one statement for each
// row, as most would write it first.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { loadDriver } from '../../dist/backends/sqlite/driver.js';
import { open } from '../../dist/backends/sqlite/index.js';
import { questions, transitions } from '../../dist/backends/sqlite/statements.js';

// As long as the names of Wingman's workers; two processes have two.
const WORKER = `worker-${process.pid}`.padEnd(22, '0');
const PAYLOAD = JSON.stringify({ key: 'key-1234', text: 'some sixty bytes, as in all cases of jobs' });
/** Milliseconds that a process waits for others, and between two reports of what it has done. */
const [BUSY, REPORT] = [30_000, 10];

export const measures = {
  'no-op': (url, { jobs, slots }) => throughput(url, jobs, slots, bySet),
  'no-op-by-row': (url, { jobs, slots }) => throughput(url, jobs, slots, byRow),
  'no-op-processes': byProcesses,
  'enqueue-bulk': (url, { jobs, batch = 500 }) => enqueueing(url, jobs, batch),
  'enqueue-single': (url, { jobs }) => enqueueing(url, jobs, 1),
};

/** Jobs per second, from when a tenth is done to the end. A transaction settles one batch and claims the next. */
async function throughput(url, jobs, slots, way) {
  const file = await openFile(url);
  insert(file, jobs, 500);
  const meter = measure(jobs);
  work(file, slots, way, meter.count);
  file.close();
  return meter.figure;
}

/** The same over several processes, each with such a loop. */
async function byProcesses(url, { jobs, slots, processes }) {
  const file = await openFile(url);
  insert(file, jobs, 500);
  file.close();
  const workers = Array.from({ length: processes }, () => fork(fileURLToPath(import.meta.url), [url, String(slots)]));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const meter = measure(jobs);
  for (const worker of workers) worker.on('message', meter.count).send('go');
  const figure = await meter.figure;
  for (const worker of workers) worker.kill('SIGKILL');
  return figure;
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

/** Jobs per second that are inserted, so many in a transaction. */
async function enqueueing(url, jobs, batch) {
  const file = await openFile(url);
  const from = performance.now();
  insert(file, jobs, batch);
  const figure = jobs / ((performance.now() - from) / 1_000);
  file.close();
  return figure;
}

/** A file that Wingman has made, opened past it as it opens it. */
async function openFile(url) {
  const path = url.replace(/^sqlite:/, '');
  const backend = await open({ path });
  await backend.close();
  const { DatabaseSync } = await loadDriver();
  const file = new DatabaseSync(path);
  file.exec(`PRAGMA synchronous = EXTRA; PRAGMA busy_timeout = ${BUSY}`);
  return file;
}

function insert(file, jobs, batch) {
  const [begin, commit] = [file.prepare('BEGIN IMMEDIATE'), file.prepare('COMMIT')];
  const enqueue = file.prepare(transitions.enqueue);
  const now = Date.now();
  for (let n = 0; n < jobs; ) {
    begin.run();
    for (const end = Math.min(n + batch, jobs); n < end; n += 1) {
      const id = `0123456789abc${String(n).padStart(9, '0')}`;
      enqueue.run(n + 1, id, 'plain', 'default', '[]', 'waiting', now, 1, n + 1, null, null, PAYLOAD);
    }
    commit.run();
  }
}

/** Works until there is no more. `count` is told how many were settled by each transaction. */
function work(file, slots, way, count) {
  const [begin, commit] = [file.prepare('BEGIN IMMEDIATE'), file.prepare('COMMIT')];
  const { claim, settle } = way(file, slots);
  let claimed = [];
  do {
    begin.run();
    const settled = claimed.length;
    if (settled > 0) settle(claimed);
    claimed = claim();
    commit.run();
    count(settled);
  } while (claimed.length > 0);
}

/** One statement for a batch. Rows are read as arrays where the driver can do that. */
function bySet(file, slots) {
  const next = file.prepare(questions.next);
  next.setReturnArrays?.(true);
  const [claimAll, completeAll] = [file.prepare(transitions.claimAll), file.prepare(transitions.completeAll)];
  let token = 1_000_000_000;
  return {
    claim() {
      const jobs = next.all('default', slots).map((row) => {
        const [sequence, ...job] = Array.isArray(row) ? row : Object.values(row);
        token += 1;
        return { sequence, job, token };
      });
      if (jobs.length === 0) return jobs;
      const first = token - jobs.length + 1;
      claimAll.run(WORKER, first, JSON.stringify(jobs.map(({ sequence }) => sequence)));
      return jobs;
    },
    settle: (jobs) => completeAll.run(WORKER, JSON.stringify(jobs.map((job) => job.token))),
  };
}

/** One statement for a row. */
function byRow(file, slots) {
  const [next, claimOne] = [file.prepare(questions.next), file.prepare(transitions.claim)];
  const completeOne = file.prepare('DELETE FROM jobs WHERE id = ? AND token = ?');
  let token = 1_000_000_000;
  return {
    claim() {
      const jobs = next.all('default', slots).map((job) => {
        token += 1;
        return { ...job, token };
      });
      for (const job of jobs) claimOne.run(WORKER, job.token, job.sequence);
      return jobs;
    },
    settle(jobs) {
      for (const job of jobs) completeOne.run(job.id, job.token);
    },
  };
}

// One of several processes: it says when it is there, works when it is told to, and says what it has done.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url, slots] = process.argv.slice(2);
  const file = await openFile(url);
  process.send(0);
  await once(process, 'message');
  let [unsaid, said] = [0, performance.now()];
  work(file, Number(slots), bySet, (count) => {
    unsaid += count;
    const now = performance.now();
    if (now - said < REPORT) return;
    process.send(unsaid);
    [unsaid, said] = [0, now];
  });
  process.send(unsaid);
  file.close();
  await once(process, 'message');
}

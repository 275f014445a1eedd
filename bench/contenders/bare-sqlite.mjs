// The floor on SQLite: a bare loop on a file that Wingman has made (its tables, indexes and journal), by the same driver, with the same
// statements for a whole batch. For each job it makes the writes to the job's row that Wingman makes, and nothing else: no locks, no
// leases, no counts, no replies that are kept, no promises. So the ratio tells what all of that costs.

import { questions, transitions } from '../../dist/backends/sqlite/statements.js';
import { connect } from '../../dist/index.js';
import { openFile } from './sqlite-driver.mjs';

export const about = {
  name: 'bare SQLite loop',
  settings: [
    'a file that Wingman has made, its driver, its pragmas (`synchronous = EXTRA`, so that what is committed is on the disk) and its own statements, one for a batch',
    'batches as large as the case’s concurrency; jobs are inserted by 500 in a transaction, as Wingman does',
  ],
};

const BULK = 500;

export async function open(url) {
  await (await connect(url)).close();
  const database = await openFile(url);
  database.exec('PRAGMA busy_timeout = 30000; PRAGMA synchronous = EXTRA');
  const insert = database.prepare(transitions.enqueue);
  let { last } = database.prepare('SELECT coalesce(max(sequence), 0) AS last FROM jobs').get();
  const add = (inputs) => {
    const now = Date.now();
    database.exec('BEGIN IMMEDIATE');
    for (const input of inputs) {
      last += 1;
      const id = `0123456789abc${String(last).padStart(9, '0')}`;
      insert.run(last, id, 'job', 'default', '[]', 'waiting', now, 1, last, null, null, JSON.stringify(input));
    }
    database.exec('COMMIT');
  };
  return {
    async enqueueMany(inputs) {
      for (let from = 0; from < inputs.length; from += BULK) add(inputs.slice(from, from + BULK));
    },
    async enqueue(input) {
      add([input]);
    },
    async work({ concurrency, handle }) {
      void loop(database, concurrency, handle);
    },
  };
}

/** A transaction settles one batch and claims the next. */
async function loop(database, concurrency, handle) {
  // As long as the names of Wingman's workers; two processes have two.
  const worker = `worker-${process.pid}`.padEnd(22, '0');
  const next = database.prepare(questions.next);
  const [claim, complete] = [database.prepare(transitions.claimAll), database.prepare(transitions.completeAll)];
  for (let [done, token] = [[], 1_000_000_000]; ; ) {
    database.exec('BEGIN IMMEDIATE');
    if (done.length > 0) complete.run(worker, JSON.stringify(done));
    const jobs = next.all('default', concurrency);
    if (jobs.length > 0) claim.run(worker, token, JSON.stringify(jobs.map(({ sequence }) => sequence)));
    database.exec('COMMIT');
    done = jobs.map((_, at) => token + at);
    token += jobs.length;
    await Promise.all(jobs.map(({ payload }) => handle(JSON.parse(payload))));
    // Others have their turn, and this process's messages theirs.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

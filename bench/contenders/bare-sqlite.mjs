// The floor on SQLite: a bare loop that makes the same writes as a queue must, in equal batches and with the same pragmas, and
// nothing else. One transaction removes the jobs that are done, takes as many new ones as there are slots, and marks each with its
// owner and a token. The table has one row for each job, unique by its id, with an index of those that wait and one of those that are owned,
// as Wingman's has.

import { openFile } from './sqlite-driver.mjs';

export const about = {
  name: 'bare SQLite loop',
  settings: [
    'one table, the driver and the pragmas that Wingman uses (WAL, `synchronous = EXTRA`, so that what is committed is on the disk)',
    'batches as large as the case’s concurrency; jobs are inserted by 500 in a transaction, as Wingman does',
  ],
};

const BULK = 500;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS totals (one INTEGER PRIMARY KEY, done INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO totals VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS jobs (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, queue TEXT NOT NULL, state TEXT NOT NULL,
    position INTEGER, worker TEXT, token INTEGER, payload TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (queue, position) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS jobs_owned ON jobs (worker, token) WHERE state = 'processing';
`;

export async function open(url) {
  const database = await openFile(url);
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA');
  database.exec(SCHEMA);
  const insert = database.prepare(
    `INSERT INTO jobs (id, type, queue, state, position, payload) VALUES (?, 'job', 'default', 'waiting', ?, ?)`,
  );
  const add = (inputs) => {
    database.exec('BEGIN IMMEDIATE');
    for (const input of inputs) insert.run(`job-00000000000-${input.n}`, input.n, JSON.stringify(input));
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

async function loop(database, concurrency, handle) {
  const worker = `worker-${process.pid}`;
  const remove = database.prepare('DELETE FROM jobs WHERE id = ? AND token = ?');
  const count = database.prepare('UPDATE totals SET done = done + ? WHERE one = 1');
  const next = database.prepare(
    `SELECT sequence, id, payload FROM jobs WHERE queue = ? AND state = 'waiting' ORDER BY position LIMIT ?`,
  );
  const take = database.prepare(
    `UPDATE jobs SET state = 'processing', worker = ?, token = ?, position = NULL WHERE sequence = ?`,
  );
  for (let [done, token] = [[], 0]; ; ) {
    database.exec('BEGIN IMMEDIATE');
    for (const job of done) remove.run(job.id, job.token);
    count.run(done.length);
    const jobs = next.all('default', concurrency).map((job) => {
      token += 1;
      take.run(worker, token, job.sequence);
      return { ...job, token };
    });
    database.exec('COMMIT');
    await Promise.all(jobs.map(({ payload }) => handle(JSON.parse(payload))));
    done = jobs;
    // Others have their turn, and this process's messages theirs.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

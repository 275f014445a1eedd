// plainjob. https://github.com/justplainstuff/plainjob

import { better, defineQueue, defineWorker } from 'plainjob';
import { openFile } from './sqlite-driver.mjs';

export const about = {
  name: 'plainjob',
  package: 'plainjob',
  settings: [
    '`addMany` for many jobs (one transaction), `add` for one; its own pragmas: WAL with `synchronous = NORMAL`, which may lose the last commits in a power failure, where Wingman’s default may not',
    'no logger; one worker per process, which runs one job after another: it has no concurrency, and its statements are synchronous',
    'on the SQLite driver that Wingman takes, through the few calls of better-sqlite3 that it makes: better-sqlite3 itself needs an install script',
  ],
};

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export async function open(url) {
  const queue = defineQueue({ connection: better(asBetter(await openFile(url))), logger: quiet });
  return {
    async enqueueMany(inputs, { delay } = {}) {
      queue.addMany('job', inputs, delay === undefined ? {} : { delay });
    },
    async enqueue(input) {
      queue.add('job', input);
    },
    async work({ handle }) {
      const worker = defineWorker('job', ({ data }) => handle(JSON.parse(data)), { queue, logger: quiet });
      void worker.start();
    },
  };
}

/** As much of better-sqlite3 as plainjob uses. */
function asBetter(database) {
  const transaction =
    (begin, work) =>
    (...args) => {
      database.exec(begin);
      try {
        const result = work(...args);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    };
  return {
    name: 'bench',
    pragma: (text) => database.prepare(`PRAGMA ${text}`).all(),
    exec: (sql) => database.exec(sql),
    prepare: (sql) => database.prepare(sql),
    close: () => database.close(),
    transaction: (work) =>
      Object.assign(transaction('BEGIN', work), { immediate: transaction('BEGIN IMMEDIATE', work) }),
  };
}

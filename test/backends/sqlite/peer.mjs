// Another process with the same file, from the built package, as a user's would be. It does what a line of JSON on stdin
// tells it to, and answers with one on stdout.

import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { loadDriver } from '../../../dist/backends/sqlite/driver.js';
import { open } from '../../../dist/backends/sqlite/index.js';
import { Caller } from '../../../dist/contract/call.js';

let backend;
let database;
const caller = new Caller(`peer-${process.pid}`);

// At once, so that what is told is told when the process is killed a moment later.
const tell = (answer) => void writeSync(1, `${JSON.stringify(answer)}\n`);

async function enqueue(id, bytes = 1) {
  const job = { id, type: 'greet', queue: 'q', payload: JSON.stringify('x'.repeat(bytes)), locks: [] };
  await caller.call((call) => backend.enqueue(call, [job]));
}

const doings = {
  async open({ path }) {
    backend = await open({ path });
  },
  enqueue: ({ id, bytes }) => enqueue(id, bytes),
  find: async ({ id }) => (await backend.find(id))?.state ?? null,
  /** Enqueues several at a time without end, and tells of each that is acknowledged. */
  async flood({ prefix }) {
    const enqueueOn = async (name) => {
      for (let number = 0; ; number += 1) {
        await enqueue(`${name}-${number}`);
        tell({ done: `${name}-${number}` });
      }
    };
    await Promise.all(['a', 'b', 'c'].map((name) => enqueueOn(`${prefix}-${name}`)));
  },
  /** Goes past the backend. */
  async execute({ path, sql }) {
    const { DatabaseSync } = await loadDriver();
    database ??= new DatabaseSync(path);
    database.exec(sql);
  },
  shell: ({ command }) => spawnSync(command, { shell: true, stdio: 'ignore' }).status,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { doing, ...settings } = JSON.parse(line);
  try {
    tell({ done: (await doings[doing](settings)) ?? null });
  } catch (error) {
    tell({ refused: { code: error.code, message: error.message } });
  }
}

// What happens to a SQLite file.

import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDriver } from '../../../src/backends/sqlite/driver.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { scenario } from '../scenario.ts';
import { SmallDisk } from '../stage/small-disk.ts';
import type { Stage } from '../stage/stage.ts';
import { Child } from '../stage/worker-process.ts';

async function ask(path: string, sql: string): Promise<unknown> {
  const { DatabaseSync } = await loadDriver();
  const database = new DatabaseSync(path, { readOnly: false });
  try {
    const row = database.prepare(sql).get() ?? {};
    return Object.values(row)[0];
  } finally {
    database.close();
  }
}

async function claimSound(stage: Stage): Promise<void> {
  const found = await ask(stage.file, 'PRAGMA integrity_check');
  stage.claim(found === 'ok', `the file is damaged: ${found}`);
}

/** A process that enqueues as fast as it can. */
function writer(stage: Stage): Child {
  const name = stage.nextName('writer');
  const { histories, url: backend } = stage;
  const settings = { name, histories, backend, jobs: 1_000_000, together: 5, keys: 4 };
  return stage.start(new Child({ program: 'application.mjs', name, settings }));
}

export const killWriter = scenario({
  name: 'kill -9 of a process that writes',
  backends: ['sqlite', 'redis'],
  patience: 120_000,
  short: { kills: 3 },
  full: { kills: 40 },
  run: async (stage, { kills }) => {
    await stage.startWorkers(2, { concurrency: 50 });
    for (let kill = 0; kill < kills; kill += 1) {
      const child = writer(stage);
      await child.line((line) => (Number(line) >= 50 ? line : null));
      await systemClock.sleep(stage.random() * 50);
      stage.fault('kill -9 of a writer', child.name);
      await child.kill();
    }
    if (stage.backend === 'sqlite') await claimSound(stage);
  },
});

export const fullDisk = scenario({
  name: 'a disk that is full',
  backends: ['sqlite'],
  skip: SmallDisk.isPossible() ? null : 'this user may not mount a small disk',
  disk: 16_000_000,
  short: { times: 1 },
  full: { times: 10 },
  run: async (stage, { times }) => {
    const application = await stage.application();
    await stage.startWorkers(2);
    const load = await stage.load();
    for (let time = 0; time < times; time += 1) {
      await load.more(40);
      // What cannot be written is not renewed either.
      stage.fault('a full disk', 'store');
      await stage.disk.fill();
      // The file itself may have a little left, until jobs pile up in it.
      const later = Array.from({ length: 100 }, () => ({ delay: 3_000 }));
      let refused = 0;
      while (refused === 0) refused = later.length - (await application.enqueue(later)).length;
      await systemClock.sleep(1_000);
      await stage.disk.free();
      await load.more(40);
    }
    await claimSound(stage);
  },
});

export const lockHolder = scenario({
  name: 'a process that holds the write lock of the file',
  backends: ['sqlite'],
  patience: 60_000,
  short: { holds: [500, 2_500] },
  full: { holds: [200, 500, 1_000, 2_500, 5_000, 10_000, 500, 2_500] },
  run: async (stage, { holds }) => {
    await stage.startWorkers(2);
    const load = await stage.load();
    for (const milliseconds of holds) {
      await load.more(30);
      stage.fault('a held lock', 'store');
      const settings = { path: stage.file, milliseconds };
      const holder = stage.start(new Child({ program: 'lock-holder.mjs', name: stage.nextName('holder'), settings }));
      await holder.line((line) => line);
      const how = await holder.ended;
      stage.claim(how === '0', `the holder of the lock ended with ${how}: ${holder.log}`);
      await load.more(30);
    }
  },
});

export const olderVersion = scenario({
  name: 'a copy of the file, opened by an older version',
  backends: ['sqlite'],
  short: { times: 1 },
  full: { times: 3 },
  run: async (stage, { times }) => {
    const application = await stage.application();
    for (let time = 0; time < times; time += 1) {
      await application.enqueue(Array.from({ length: 20 }, () => ({ key: 'kept', limit: 1 })));
      const copy = join(stage.folder, `copy-${time}.db`);
      await ask(stage.file, 'PRAGMA wal_checkpoint(TRUNCATE)');
      await copyFile(stage.file, copy);
      // To a program, a file whose books are newer is what it is to an older one.
      const version = Number(await ask(copy, 'PRAGMA user_version'));
      await ask(copy, `PRAGMA user_version = ${version + 1}`);
      // Into the file itself, now: a driver may close a handle, and write back its log, only when it is collected.
      await ask(copy, 'PRAGMA wal_checkpoint(TRUNCATE)');
      const before = await readFile(copy);
      stage.fault('an older version', 'copy');
      const older = stage.workerProcess({ url: `sqlite:${copy}` });
      const how = await older.ended;
      stage.claim(how !== '0', 'an older version opened books that it cannot read');
      stage.claim(older.log.includes('WINGMAN_SQLITE_NEWER'), `it did not say why: ${older.log}`);
      stage.claim((await readFile(copy)).equals(before), 'an older version changed the file');
    }
    await stage.startWorkers(2);
  },
});

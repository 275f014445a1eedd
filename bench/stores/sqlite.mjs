// A folder for one measurement's SQLite file.

import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function startFile() {
  const folder = await mkdtemp(join(tmpdir(), 'wingman-bench-'));
  const removed = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removed);
  return {
    url: `sqlite:${join(folder, 'jobs.db')}`,
    async stop() {
      process.removeListener('exit', removed);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

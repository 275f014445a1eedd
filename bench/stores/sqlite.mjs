// A folder for one measurement's SQLite file.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function startFile() {
  const folder = await mkdtemp(join(tmpdir(), 'wingman-bench-'));
  return {
    url: `sqlite:${join(folder, 'jobs.db')}`,
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

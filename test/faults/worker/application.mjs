// An application's process that enqueues as fast as it is answered, until it is killed. Each call takes a few jobs of a few
// lock keys.

import { connect, defineJob } from '../../../dist/index.js';
import { openHistory } from '../history/history.mjs';
import { ATTEMPTS, defineJobs } from './jobs.mjs';

const { name, histories, backend, jobs, together, keys } = JSON.parse(process.argv[2]);

process.stdin.resume();
process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL'));

const history = openHistory(histories, name);
const { plain } = defineJobs(defineJob);
const wingman = await connect(backend);
const work = { limit: 1, takes: 0, deed: 'return', times: 0 };

let sequence = 0;
for (let call = 0; sequence < jobs; call += 1) {
  const batch = Array.from({ length: together }, () => {
    sequence += 1;
    // Keys of its own: in what order two applications enqueue, nobody can tell.
    return { id: `${name}-${sequence}`, key: sequence % 2 === 0 ? null : `${name}-${sequence % keys}`, sequence };
  });
  const common = { kind: 'enqueue', limit: 1, call, attempts: ATTEMPTS, delay: 0, isReplicated: false };
  history.writeAll(batch.map(({ id, key, sequence: number }) => ({ ...common, id, key, sequence: number })));
  await Promise.all(
    batch.map(async ({ id, key }) => {
      await wingman.enqueue(plain, { ...work, key }, { id });
      history.write({ kind: 'acked', id });
    }),
  );
  process.stdout.write(`${sequence}\n`);
}
await wingman.close();
process.stdin.removeAllListeners('close').destroy();

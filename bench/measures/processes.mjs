// Jobs per second of several processes that work off one store together. The first of the jobs warm them up and do not count.

import { fork } from 'node:child_process';
import { fill } from './inputs.mjs';

const WARM = 0.3;
/** A process tells of its jobs by so many: each message costs it something. */
const TOLD = 50;

/** @param settings.processes how many there are; `jobs`; the `concurrency` of each */
export async function processes(open, url, { processes: count, jobs, concurrency }, peer) {
  const client = await open(url);
  await fill(client, jobs);
  const warm = Math.floor(jobs * WARM);
  let [done, from] = [0, undefined];
  const script = process.argv[1];
  const words = [peer, 'member', url, JSON.stringify({ concurrency })];
  const members = Array.from({ length: count }, () => fork(script, words, { execArgv: ['--expose-gc'] }));
  return new Promise((resolve, reject) => {
    for (const member of members) {
      member.on('message', (more) => {
        done += more;
        if (from === undefined && done >= warm) from = { time: performance.now(), done };
        // The last ones of each process may be too few to be told of.
        if (done < jobs - count * TOLD) return;
        resolve({ rate: (done - from.done) / ((performance.now() - from.time) / 1000) });
      });
      member.on('exit', (code) => reject(new Error(`a process ended with ${code}`)));
    }
  }).finally(() => {
    for (const member of members) {
      member.removeAllListeners('exit');
      member.kill('SIGKILL');
    }
  });
}

/** One of the processes: works until it is ended. */
export async function member(open, url, { concurrency }) {
  const client = await open(url);
  let done = 0;
  const handle = async () => {
    done += 1;
    if (done % TOLD === 0) process.send(TOLD);
  };
  process.once('disconnect', () => process.exit());
  await client.work({ concurrency, handle });
  return new Promise(() => {});
}

// The longest step of Redis in milliseconds, by its own count of each call, while jobs that are due at the same instant are promoted
// and run. The steps are the same ones each time they are gone through, so what interrupts one of them by chance is told from what
// it takes: each counts with the shortest time that it had.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { open } from '../../../dist/backends/redis/index.js';
import { SWEEP_BUDGET } from '../../../dist/contract/bounds.js';
import { longestOf, stepTimer } from './steps.mjs';

export async function dueAtOnce(_, url, { jobs, slots, repeats }) {
  const redis = new Redis(url);
  const runs = [];
  for (let run = 0; run < repeats; run += 1) {
    const backend = await open({ url, prefix: `run-${run}` });
    runs.push(await stepsOf(backend, redis, jobs, slots));
    await backend.close();
  }
  const [[name, step]] = longestOf(runs);
  return { step, note: `the longest: ${name}` };
}

/** Microseconds of each step. */
async function stepsOf(backend, redis, jobs, slots) {
  const { call, timed, take } = stepTimer(redis);
  const at = (await backend.now()) + jobs / 15;
  const job = (n) => ({ id: `job-${n}`, type: 'plain', queue: 'q', payload: '{}', locks: [], due: { at } });
  for (let n = 0; n < jobs; n += 500) {
    const batch = Array.from({ length: Math.min(500, jobs - n) }, (_, index) => job(n + index));
    await backend.enqueue(call(), batch);
  }
  if ((await backend.now()) > at) throw new Error('the first jobs were due before the last was enqueued');
  while ((await backend.now()) <= at) await sleep(10);
  const worker = 'bench';
  await backend.register(worker, 3_600_000);
  const claim = { queues: ['q'], count: slots, locks: 'take' };
  let settlements = [];
  for (let left = jobs; left > 0 || settlements.length > 0; ) {
    // For as many as two managers claim, so that the queue does not grow without end.
    for (let due = 0; due < 2 * slots && left > 0; due += SWEEP_BUDGET) {
      left -= (await timed('promote', () => backend.promote(SWEEP_BUDGET))).moves.length;
    }
    for (let turn = 0; turn < 2; turn += 1) {
      const { claimed } = await timed('exchange', () => backend.exchange(call(), { worker, settlements, claim }));
      settlements = claimed.map((done) => ({ job: done, outcome: { kind: 'completed' } }));
    }
  }
  return take();
}

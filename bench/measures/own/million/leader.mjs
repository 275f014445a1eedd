// What is done once in a cluster.

import { setTimeout as sleep } from 'node:timers/promises';
import { SWEEP_BUDGET } from '../../../../dist/contract/bounds.js';
import { failed, HOUR, locksOf, times } from './books.mjs';

const kept = { kind: 'completed', keep: { for: 1, count: null }, result: '{"sent":true}' };
const parked = { kind: 'parked', reason: 'no handler' };
const COUNT = 4 * SWEEP_BUDGET;

export async function leader(books) {
  const { backend } = books;
  const timed = (name, step) => books.timed(name, step);
  const worker = await books.worker();
  const claim = () => books.claim(worker, 'plain', COUNT);
  await books.add('plain', COUNT, () => ({ due: { in: 1 } }));
  await sleep(10);
  await times(4, () => timed('promote', () => backend.promote(SWEEP_BUDGET)));
  await ripen(books);
  await crash(books, 'plain');
  await books.settle(books.holders.keyed.splice(0));
  books.holders.keyed = await crash(books, 'keyed');
  await books.add('others', COUNT, locksOf('own'));
  await books.settle(await crash(books, 'others'));
  await pass(books);
  await books.settle(await claim(), failed);
  await times(4, () => timed('expire, failed', () => backend.expire({ for: HOUR, count: 0 }, SWEEP_BUDGET)));
  await books.settle(await claim(), kept);
  await sleep(10);
  await times(4, () => timed('expire, completed', () => backend.expire({ for: HOUR, count: null }, SWEEP_BUDGET)));
  await books.settle(await claim(), parked);
  await times(4, () => timed('unpark', () => backend.unpark(['plain'], SWEEP_BUDGET)));
  const given = { worker, queues: ['plain', 'keyed', 'others'], types: ['plain', 'keyed', 'others'] };
  await times(4, () => timed('check in', () => books.checkIn(given)));
  await timed('retire', () => backend.retire(worker));
}

/** The rates of many keys allow the next job to start, all at once. */
async function ripen(books) {
  const worker = await books.worker();
  const rate = (at) => ({ locks: [{ key: `\uffffrate-${at % COUNT}`, concurrency: 1, interval: 50 }] });
  await books.add('others', 2 * COUNT, rate);
  await books.settle(await books.claim(worker, 'others', 2 * COUNT));
  await sleep(100);
  await times(4, () => books.timed('promote, rates', () => books.backend.promote(SWEEP_BUDGET)));
  await books.settle(await books.claim(worker, 'others', 2 * COUNT));
}

/** A worker with many jobs is gone. Returns them, claimed by another. */
async function crash(books, queue) {
  const worker = await books.worker();
  const jobs = await books.claim(worker, queue, 1_000);
  await books.backend.retire(worker);
  for (let more = true; more; ) {
    const reclaim = () => books.backend.reclaim(SWEEP_BUDGET);
    ({ more } = await books.timed(`reclaim, ${queue}`, reclaim));
  }
  return books.claim(await books.worker(), queue, jobs.length);
}

/** Grants that nobody has claimed in time, and that nobody else can use. */
async function pass(books) {
  const { holders, impatient } = books;
  await books.settle(holders.keyed.splice(0), undefined, impatient);
  await sleep(10);
  await times(4, () => books.timed('pass grants', () => books.backend.passGrants(SWEEP_BUDGET)));
  holders.keyed = await books.claim(await books.worker(), 'keyed', 1_000);
}

// What managers do: settle and claim, as many as one exchange takes, whatever they are like and however they end.

import { EXCHANGE_BUDGET, SWEEP_BUDGET } from '../../../../dist/contract/bounds.js';
import { failed, HOUR, locksOf, takeBatch, times } from './books.mjs';

const outcomes = {
  retry: { kind: 'retry', delay: HOUR, failure: failed.failure, took: 1 },
  failed,
  kept: { kind: 'completed', keep: { for: HOUR, count: null }, result: '{"sent":true}' },
  snoozed: { kind: 'snoozed', due: { in: HOUR } },
  released: { kind: 'released' },
  parked: { kind: 'parked', reason: 'no handler' },
};

export async function managers(books) {
  const worker = await books.worker();
  for (const count of [EXCHANGE_BUDGET, 1]) await run(books, worker, count);
  for (const queue of ['keyed', 'thrice-keyed']) await release(books, queue);
  for (const each of [1, 3]) await claimFree(books, worker, each);
  for (const size of [8_000, 200_000]) await claimLarge(books, worker, size);
  for (const each of [0, 1]) {
    for (const [name, outcome] of Object.entries(outcomes)) await settle(books, worker, each, name, outcome);
  }
  await hold(books, worker);
  await widen(books, worker);
  await forget(books, worker);
}

/** Jobs without locks. */
async function run(books, worker, count) {
  let settlements = [];
  await times(20, async () => {
    const exchange = () => books.exchange(worker, settlements, 'plain', count);
    const { claimed } = await books.timed(`exchange of ${count}`, exchange);
    settlements = takeBatch(claimed);
  });
  await books.exchange(worker, settlements);
}

/** Locks come free, and are granted to as many of the held. */
async function release(books, queue) {
  const holders = books.holders[queue];
  await times(20, async () => {
    const settlements = takeBatch(holders);
    const exchange = () => books.exchange(settlements[0].job.worker, settlements, queue);
    const { claimed } = await books.timed(`exchange, ${queue}`, exchange);
    holders.push(...claimed);
  });
}

/** Jobs whose locks are free. */
async function claimFree(books, worker, each) {
  await books.add('others', 4 * EXCHANGE_BUDGET, locksOf('free', { each }));
  await drain(books, `claim, free locks, ${each} each`, worker, 'others');
}

/** As many as are small enough together. */
async function claimLarge(books, worker, size) {
  await books.add('large', EXCHANGE_BUDGET, () => ({ payload: JSON.stringify('x'.repeat(size)) }));
  await drain(books, `claim, ${size} characters each`, worker, 'large');
}

/** Jobs that end in some other way, with so many locks each. */
async function settle(books, worker, each, name, outcome) {
  await times(4, async () => {
    await books.add('others', EXCHANGE_BUDGET, each === 0 ? undefined : locksOf('own', { each }));
    const claimed = await books.claim(worker, 'others', EXCHANGE_BUDGET);
    const settlements = takeBatch(claimed, outcome);
    await books.timed(`settle, ${name}, ${each} locks each`, () => books.exchange(worker, settlements));
    await books.settle([...claimed, ...(await books.claim(worker, 'others', EXCHANGE_BUDGET))]);
  });
}

/** Jobs that all have to wait, but for the first of all, which is never settled. */
async function hold(books, worker) {
  await books.add('others', 1_000, locksOf('stuck', { keys: 1 }));
  await drain(books, 'claim, all held', worker, 'others', false);
}

/** The limit of a key is raised, and many of those that wait for it may run. */
async function widen(books, worker) {
  await books.add('wide', 1_000, locksOf('wide', { keys: 1 }));
  const holder = await books.claim(worker, 'wide', 1_000);
  await books.add('wide', 1, () => ({ locks: [{ key: 'wide-0-0', concurrency: 100_000 }] }));
  const claimed = await drain(books, 'claim, limit raised', worker, 'wide', false);
  await books.settle([...holder, ...claimed]);
}

/** The store has forgotten that they were settled. */
async function forget(books, worker) {
  const known = (await books.claim(worker, 'plain', 2 * SWEEP_BUDGET)).map(({ token }) => token);
  await books.add('others', 2 * SWEEP_BUDGET, locksOf('own'));
  await books.claim(worker, 'others', 2 * SWEEP_BUDGET);
  for (let more = true; more; ) {
    const relinquish = () => books.backend.relinquish(books.call(), worker, known, SWEEP_BUDGET);
    ({ more } = await books.timed('relinquish', relinquish));
  }
  const next = await books.worker();
  await books.settle(await books.claim(next, 'others', 2 * SWEEP_BUDGET));
}

/** Claims all there is, and settles it where it is of no use any more. */
async function drain(books, name, worker, queue, isOver = true) {
  const all = [];
  for (let more = true; more; ) {
    const reply = await books.timed(name, () => books.exchange(worker, [], queue));
    all.push(...reply.claimed);
    more = reply.more || reply.claimed.length > 0;
  }
  if (isOver) await books.settle(all);
  return all;
}

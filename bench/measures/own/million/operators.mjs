// What operators do, and all who look.

import { BROWSE_BUDGET, CANCEL_BUDGET, ENDED_BUDGET } from '../../../../dist/contract/bounds.js';
import { failed, HOUR, locksOf, times } from './books.mjs';

/** As explain counts them: src/inspector/explain.ts. */
const MOST_AHEAD = 10_000;

export async function operators(books) {
  const { backend } = books;
  const worker = await books.worker();
  await times(4, () => books.timed('stats', () => backend.stats()));
  const ids = await books.add('plain', CANCEL_BUDGET);
  for (const id of ids.slice(0, 20)) {
    await books.timed('find', () => backend.find(id));
    await books.timed('ahead', () => backend.ahead(id, MOST_AHEAD));
  }
  const cancel = (name, some) => books.timed(`cancel, ${name}`, () => backend.bulk.cancel(books.call(), some));
  await cancel('waiting', ids);
  await cancel('scheduled', await books.add('plain', CANCEL_BUDGET, () => ({ due: { in: HOUR } })));
  const held = await books.add('thrice-keyed', CANCEL_BUDGET, locksOf('thrice', { each: 3 }));
  await books.claim(worker, 'thrice-keyed', CANCEL_BUDGET);
  await cancel('held', held);
  const running = await books.claim(worker, 'plain', CANCEL_BUDGET);
  await cancel(
    'running',
    running.map(({ id }) => id),
  );
  await books.settle(running);
  const ended = await books.claim(worker, 'plain', 2 * ENDED_BUDGET);
  await books.settle(ended, failed);
  const [first, second] = [0, ENDED_BUDGET].map((from) => ended.slice(from, from + ENDED_BUDGET).map(({ id }) => id));
  await books.timed('retry', () => backend.retryFailed(books.call(), first));
  await books.timed('discard', () => backend.discard(books.call(), second));
  for (let page = 0, cursor = null; page < 10; page += 1) {
    const browse = () => backend.bulk.browse({ type: 'keyed' }, cursor, BROWSE_BUDGET);
    ({ cursor } = await books.timed('browse', browse));
  }
}

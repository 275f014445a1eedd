// What clients do: enqueue in all the ways that there are, as many as one call takes, and wait for jobs.

import { MOST_WATCHES } from '../../../../dist/contract/results.js';
import { HOUR, locksOf, times } from './books.mjs';

/** Which unique keys were taken. */
let names = 0;

export async function clients(books) {
  const { backend } = books;
  const enqueue = (name, jobs) => books.timed(`enqueue, ${name}`, () => backend.enqueue(books.call(), jobs));
  await times(20, () => enqueue('one', books.jobs('plain', 1)));
  await times(20, () => enqueue('plain', books.batch('plain')));
  const ways = {
    delayed: () => ({ due: { in: HOUR } }),
    prioritized: () => ({ extras: { priority: 7 } }),
    'with a lock': locksOf('new'),
    'with three locks': locksOf('new', { each: 3 }),
    large: () => ({ payload: JSON.stringify('x'.repeat(8_000)) }),
  };
  for (const [name, make] of Object.entries(ways)) {
    await times(4, () => enqueue(name, books.batch('enqueued', make)));
  }
  names += 1;
  const unique = (more) => (at) => ({
    ...{ due: { in: HOUR }, extras: { unique: { key: `${names}-${at}`, while: 'until done' } } },
    ...more,
  });
  await enqueue('unique', books.batch('enqueued', unique()));
  for (const onConflict of ['keep', 'extend', 'reject', 'replace']) {
    await enqueue(`unique, ${onConflict}`, books.batch('enqueued', unique({ onConflict })));
  }
  const ids = books.jobs('plain', MOST_WATCHES).map(({ id }) => id);
  const watches = ids.map((id) => ({ id, every: true }));
  await books.timed('watch', () => backend.results.watch('watcher', watches));
  await books.timed('unwatch', () => backend.results.unwatch('watcher', ids));
}

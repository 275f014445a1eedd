import type { NewJob } from '../../core/envelope.ts';
import type { Books } from './books.ts';
import { instantOf, toStored } from './numbers.ts';
import { extrasText, lockText } from './rows.ts';
import { transitions } from './statements.ts';

/** Appends a job to its queue, or to the scheduled jobs where it is due later. */
export function enqueue(books: Books, job: NewJob): 'enqueued' | 'duplicate' {
  const { id, type, queue, payload, locks, due, extras } = job;
  const { connection, now, tallies } = books;
  const at = due === undefined ? now : instantOf(due, now);
  const isDue = at <= now;
  const ends = tallies.queue(queue);
  const place = isDue ? ([1, ends.back + 1, null] as const) : ([null, null, toStored(at)] as const);
  const state = isDue ? 'waiting' : 'scheduled';
  const sequence = tallies.totals.sequence + 1;
  const values = [sequence, id, type, queue, lockText(locks), state, now, ...place, extrasText(extras), payload];
  if (connection.run(transitions.enqueue, ...values) === 0) return 'duplicate';
  tallies.next();
  tallies.count(queue, state, 1);
  if (isDue) {
    ends.back += 1;
    books.arrived.add(queue);
  }
  return 'enqueued';
}

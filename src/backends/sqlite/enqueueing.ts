import type { Conflict, Enqueued, EnqueueReply } from '../../contract/backend.ts';
import type { NewJob } from '../../core/envelope.ts';
import type { Books } from './books.ts';
import { grantAll } from './granting.ts';
import { removeWaiting } from './locking.ts';
import { instantOf, positionOf, toStored } from './numbers.ts';
import { type Entry, extrasText, lockText } from './rows.ts';
import { transitions, uniqueKeys } from './statements.ts';
import { holderOf, takeKey } from './uniqueness.ts';

/** Appends jobs to their queues, or to the scheduled jobs, in their order. */
export function enqueue(books: Books, jobs: readonly NewJob[]): EnqueueReply {
  const freed: string[] = [];
  const results = jobs.map((job) => enqueueOne(books, job, freed));
  return { results, moves: grantAll(books, freed) };
}

function enqueueOne(books: Books, job: NewJob, freed: string[]): Enqueued {
  const conflict = job.extras?.unique === undefined ? null : meet(books, job, job.extras.unique.key, freed);
  if (conflict !== null && (conflict === 'duplicate' || conflict.outcome !== 'replaced')) return conflict;
  const { id, type, queue, payload, locks, due, extras } = job;
  const { connection, now, tallies } = books;
  const at = due === undefined ? now : instantOf(due, now);
  const isDue = at <= now;
  const ends = tallies.queue(queue);
  const place = isDue ? ([1, positionOf(extras, ends.back + 1), null] as const) : ([null, null, toStored(at)] as const);
  const state = isDue ? 'waiting' : 'scheduled';
  const sequence = tallies.totals.sequence + 1;
  const values = [sequence, id, type, queue, lockText(locks), state, now, ...place, extrasText(extras), payload];
  if (connection.run(transitions.enqueue, ...values) === 0) return 'duplicate';
  tallies.next();
  tallies.count(queue, state, 1);
  takeKey(connection, { sequence, id, type, queue, extras }, now);
  if (isDue) {
    ends.back += 1;
    books.arrived.add(queue);
  }
  return conflict ?? 'enqueued';
}

/**
 * What becomes of a job whose key may be taken: null where it is free. The lock keys that a job which is replaced leaves are
 * added to `freed`.
 */
function meet(books: Books, job: NewJob, key: string, freed: string[]): Conflict | 'duplicate' | null {
  // Its id comes first: a job that is in the books already meets nobody.
  if (books.find(job.id) !== undefined) return 'duplicate';
  const holder = holderOf(books.connection, job.type, key, books.now);
  if (holder === null) return null;
  const { id, queue, sequence } = holder;
  if (id === job.id) return 'duplicate';
  // A key may be taken for longer than its job is in the books.
  const found = books.find(id);
  const entry = found?.sequence === sequence ? found : undefined;
  switch (job.onConflict) {
    case 'replace':
      return { outcome: replace(books, entry, freed) ? 'replaced' : 'kept', id, queue };
    case 'extend':
      return { outcome: extend(books, job, key, entry) ? 'extended' : 'kept', id, queue };
    case 'reject':
      return { outcome: 'rejected', id, queue };
    default:
      return { outcome: 'kept', id, queue };
  }
}

function replace(books: Books, entry: Entry | undefined, freed: string[]): boolean {
  if (entry === undefined || ['processing', 'failed', 'completed'].includes(entry.state)) return false;
  freed.push(...removeWaiting(books, entry));
  return true;
}

function extend({ connection, now }: Books, job: NewJob, key: string, entry: Entry | undefined): boolean {
  const due = toStored(job.due === undefined ? now : instantOf(job.due, now));
  const isPutOff = entry !== undefined && connection.run(transitions.putOff, due, entry.sequence, due) > 0;
  const time = job.extras?.unique?.while;
  if (typeof time !== 'number') return isPutOff;
  const ends = toStored(now + time);
  return connection.run(uniqueKeys.lengthen, ends, job.type, key, ends) > 0 || isPutOff;
}

import type { NewJob, StoredJob } from '../../core/envelope.ts';
import type { Entry } from './books.ts';
import type { Desk } from './desk.ts';
import { instantOf } from './instants.ts';

/** Appends a job to its queue, or to the scheduled jobs where it is due later. */
export function enqueue({ books, clock }: Desk, { due, ...job }: NewJob): 'enqueued' | 'duplicate' {
  if (books.jobs.has(job.id)) return 'duplicate';
  const now = clock.now();
  const stored: StoredJob = { ...job, attempts: 0, crashes: 0, sequence: books.next(), enqueuedAt: now };
  const entry: Entry = { job: stored, state: 'waiting', failures: [] };
  books.jobs.set(job.id, entry);
  books.queue(job.queue);
  const at = due === undefined ? now : instantOf(due, now);
  if (at > now) {
    books.schedule(entry, at);
  } else {
    books.toBack(entry);
  }
  return 'enqueued';
}

import type { Conflict, Enqueued, EnqueueReply } from '../../contract/backend.ts';
import type { NewJob } from '../../core/envelope.ts';
import { type Books, type Entry, nameOf } from './books.ts';
import type { Desk } from './desk.ts';
import { instantOf } from './instants.ts';
import { removeWaiting } from './locking.ts';
import { standing, takeKey } from './uniqueness.ts';

/** Appends jobs to their queues, or to the scheduled jobs, in their order. */
export function enqueue(desk: Desk, jobs: readonly NewJob[]): EnqueueReply {
  const now = desk.clock.now();
  const freed: string[] = [];
  const results = jobs.map((job) => enqueueOne(desk.books, job, now, freed));
  return { results, moves: desk.grant(freed) };
}

function enqueueOne(books: Books, job: NewJob, now: number, freed: string[]): Enqueued {
  if (books.jobs.has(job.id)) return 'duplicate';
  const conflict = meet(books, job, now, freed);
  if (conflict !== null && (conflict === 'duplicate' || conflict.outcome !== 'replaced')) return conflict;
  const { due, onConflict: _, ...envelope } = job;
  const stored = { ...envelope, attempts: 0, crashes: 0, sequence: books.next(), enqueuedAt: now };
  const entry: Entry = { job: stored, state: 'waiting', failures: [] };
  books.queue(job.queue);
  takeKey(books, stored, now);
  const at = due === undefined ? now : instantOf(due, now);
  if (at > now) books.schedule(entry, at);
  else books.toBack(entry);
  books.jobs.set(job.id, entry);
  return conflict ?? 'enqueued';
}

/**
 * What becomes of a job whose key may be taken: null where it is free. The lock keys that a job which is replaced leaves are
 * added to `freed`.
 */
function meet(books: Books, job: NewJob, now: number, freed: string[]): Conflict | 'duplicate' | null {
  const unique = job.extras?.unique;
  const stands = unique === undefined ? null : standing(books, job.type, unique.key, now);
  if (stands === null || unique === undefined) return null;
  const { id, queue } = stands;
  if (id === job.id) return 'duplicate';
  switch (job.onConflict) {
    case 'replace':
      return { outcome: replace(books, job.type, unique.key, freed) ? 'replaced' : 'kept', id, queue };
    case 'extend':
      return { outcome: extend(books, job, unique.key, now) ? 'extended' : 'kept', id, queue };
    case 'reject':
      return { outcome: 'rejected', id, queue };
    default:
      return { outcome: 'kept', id, queue };
  }
}

/** The job that has a key, if it is in the books: one may have left them long before its time is up. */
function entryOf(books: Books, type: string, key: string): Entry | undefined {
  const holder = books.uniques.get(nameOf(type, key));
  const entry = books.jobs.get(holder?.id ?? '');
  return entry?.job.sequence === holder?.sequence ? entry : undefined;
}

function replace(books: Books, type: string, key: string, freed: string[]): boolean {
  const entry = entryOf(books, type, key);
  if (entry === undefined || entry.owner !== undefined) return false;
  if (entry.state === 'failed' || entry.state === 'completed') return false;
  freed.push(...removeWaiting(books, entry));
  return true;
}

function extend(books: Books, job: NewJob, key: string, now: number): boolean {
  const entry = entryOf(books, job.type, key);
  const due = job.due === undefined ? now : instantOf(job.due, now);
  const isPutOff = entry?.state === 'scheduled' && due > (entry.due ?? 0);
  if (isPutOff) entry.due = due;
  const holder = books.uniques.get(nameOf(job.type, key));
  const time = job.extras?.unique?.while;
  const isLonger = typeof time === 'number' && holder?.until !== undefined && now + time > holder.until;
  if (isLonger) holder.until = now + time;
  return isPutOff || isLonger;
}

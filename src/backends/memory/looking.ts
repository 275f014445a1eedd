import type { JobView, Stats } from '../../contract/backend.ts';
import type { Books } from './books.ts';
import { byDue, byFailure } from './listing.ts';

/** All that there is to see of one job. */
export function viewOf(books: Books, id: string): JobView | null {
  const entry = books.jobs.get(id);
  if (entry === undefined) return null;
  const { job, state, due, owner, heldFor, reason, failedAt, completedAt, failures, progress, result } = entry;
  return {
    job,
    state,
    failures,
    ...(due !== undefined && state === 'scheduled' && { due }),
    ...(owner !== undefined && { owner }),
    ...(heldFor !== undefined && { heldFor }),
    ...(books.grants.has(id) && { granted: true }),
    ...(reason !== undefined && { reason }),
    ...(failedAt !== undefined && { failedAt }),
    ...(completedAt !== undefined && { completedAt }),
    ...(progress !== undefined && { progress }),
    ...(result !== undefined && { result }),
  };
}

/** How many jobs come before one that waits or is held. */
export function ahead(books: Books, id: string, most: number): number | null {
  const entry = books.jobs.get(id);
  if (entry === undefined) return null;
  const { state, heldFor = '', job } = entry;
  const line = state === 'held' ? (books.waiters.get(heldFor) ?? []) : books.waitingIn(job.queue);
  const place = state === 'held' || state === 'waiting' ? line.indexOf(entry) : -1;
  return place < 0 ? null : Math.min(place, most);
}

/** All queues, workers and counters. */
export function statsOf(books: Books): Stats {
  const held = books.inState('held');
  const queues = [...books.queues].map(([queue, { granted, list }]) => ({
    queue,
    waiting: granted.length + list.length,
    held: held.filter(({ job }) => job.queue === queue).length,
  }));
  const workers = [...books.leases].map(([worker, leaseEnds]) => ({
    worker,
    processing: books.ownedCount(worker),
    leaseEnds,
    takes: books.takes.get(worker) ?? null,
  }));
  return {
    queues: queues.sort((a, b) => (a.queue < b.queue ? -1 : 1)),
    workers: workers.sort((a, b) => (a.worker < b.worker ? -1 : 1)),
    scheduled: byDue(books).length,
    failed: byFailure(books).length,
    completed: books.inState('completed').length,
    parked: books.inState('parked').length,
    dead: books.dead.length,
    counters: { successful: books.successful, failed: books.failed },
  };
}

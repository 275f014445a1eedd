import type { Listing } from '../../contract/backend.ts';
import type { Books, Entry } from './books.ts';

/** The entries of a listing, in their order. */
export function listed(books: Books, listing: Listing): Entry[] {
  switch (listing.state) {
    case 'waiting':
      return books.waitingIn(listing.queue);
    case 'held':
      return [...(books.waiters.get(listing.key) ?? [])];
    case 'processing':
      return books.owned(listing.worker);
    case 'parked':
      return books
        .inState('parked')
        .filter(({ job }) => job.type === listing.type)
        .sort((a, b) => a.job.sequence - b.job.sequence);
    case 'completed':
      return byCompletion(books, listing.type);
    case 'scheduled':
      return byDue(books);
    case 'failed':
      return byFailure(books);
  }
}

export function byDue(books: Books): Entry[] {
  return books.inState('scheduled').sort((a, b) => (a.due ?? 0) - (b.due ?? 0) || byId(a, b));
}

export function byFailure(books: Books): Entry[] {
  return books.inState('failed').sort((a, b) => (a.failedAt ?? 0) - (b.failedAt ?? 0) || byId(a, b));
}

export function byCompletion(books: Books, type: string): Entry[] {
  const ofType = books.inState('completed').filter(({ job }) => job.type === type);
  return ofType.sort((a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0) || byId(a, b));
}

function byId(a: Entry, b: Entry): number {
  return a.job.id < b.job.id ? -1 : 1;
}

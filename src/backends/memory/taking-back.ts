import type { Move } from '../../contract/backend.ts';
import { MOST_CRASHES } from '../../core/outcome.ts';
import { type Books, type Entry, move } from './books.ts';
import { quarantine } from './ending.ts';
import { requeue } from './granting.ts';

/** What was taken from workers: what happened to each job, and the keys of the places that came free. */
export interface TakenBack {
  readonly moves: Move[];
  readonly freed: string[];
}

/** Takes up to `limit` jobs back from workers whose lease has ended, with a crash on their count. */
export function reclaim(books: Books, limit: number, now: number): TakenBack & { readonly left: number } {
  const taken: TakenBack = { moves: [], freed: [] };
  const ended = [...books.leases].filter(([, end]) => end <= now).sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  let left = limit;
  for (const [worker] of ended) {
    const owned = books.owned(worker).reverse();
    for (const entry of owned.slice(0, left)) {
      taken.freed.push(...books.free(entry));
      // One that is to be cancelled does not go on, and so is as it was.
      if (!isToCancel(entry)) entry.job = { ...entry.job, crashes: entry.job.crashes + 1 };
      if (entry.job.crashes >= MOST_CRASHES && !isToCancel(entry)) {
        quarantine(books, entry, now);
        taken.moves.push(move('quarantined', entry, worker));
      } else {
        putBack(books, entry, worker, taken);
      }
      left -= 1;
    }
    if (books.owned(worker).length > 0) break;
    books.dismiss(worker);
  }
  return { ...taken, left };
}

/** Takes back up to `limit` of what a worker owns, but the claims with these tokens. */
export function relinquish(
  books: Books,
  worker: string,
  known: readonly string[],
  limit: number,
): TakenBack & { readonly more: boolean } {
  const taken: TakenBack = { moves: [], freed: [] };
  const strays = books.owned(worker).filter(({ owner }) => owner !== undefined && !known.includes(owner.token));
  for (const entry of strays.reverse().slice(0, limit)) {
    taken.freed.push(...books.free(entry));
    putBack(books, entry, worker, taken);
  }
  return { ...taken, more: strays.length > limit };
}

/** Whether the run that the job is in is to be cancelled. */
export function isToCancel({ owner, cancelAsked }: Entry): boolean {
  return owner !== undefined && owner.token === cancelAsked;
}

function putBack(books: Books, entry: Entry, worker: string, { moves, freed }: TakenBack): void {
  if (isToCancel(entry)) {
    books.leave(entry);
    books.erase(entry, 'cancelled');
    moves.push(move('cancelled', entry, worker));
    return;
  }
  freed.push(...requeue(books, entry));
  moves.push(move('reclaimed', entry, worker));
}

import { type Move, PASS_BUDGET, type PromoteReply, type SweepReply } from '../../contract/backend.ts';
import { MOST_CRASHES } from '../../core/outcome.ts';
import { readKey } from '../../core/rate.ts';
import { type Books, move } from './books.ts';
import { firstDue } from './calls.ts';
import { grantAll, hasUngranted, passGrant, requeue, resumed } from './granting.ts';
import { type Entry, text, textOf, toEntry } from './rows.ts';
import { paces, questions, workers } from './statements.ts';

/** Takes up to `limit` jobs back from workers whose lease has ended. */
export function reclaim(books: Books, limit: number): SweepReply {
  const { connection, now } = books;
  const moves: Move[] = [];
  const freed: string[] = [];
  let left = limit;
  for (const row of connection.all(workers.ended, now)) {
    const worker = text(row.worker);
    // One more than are taken back tells whether this worker is done with.
    const owned = connection.all(questions.ownedBy, worker, left + 1).map(toEntry);
    for (const entry of owned.slice(0, left)) {
      freed.push(...books.places.free(entry));
      if (books.isToCancel(entry)) {
        books.remove(entry, 'cancelled');
        moves.push(move('cancelled', entry, worker));
        continue;
      }
      const crashes = entry.crashes + 1;
      // One whose locks are damaged goes to the dead letters either way.
      if (crashes >= MOST_CRASHES && entry.locks !== undefined) {
        books.quarantine(entry, crashes);
        moves.push(move('quarantined', entry, worker));
        continue;
      }
      books.disown(entry, crashes);
      const queued = requeue(books, entry);
      freed.push(...queued.freed);
      moves.push(move('reclaimed', entry, worker), ...queued.moves);
    }
    if (owned.length > left) {
      left = 0;
      break;
    }
    left -= owned.length;
    connection.run(workers.remove, worker);
  }
  moves.push(...grantAll(books, freed));
  return { moves, more: left === 0 };
}

/** Hands back up to `limit` of what a worker owns, but the claims with these tokens. */
export function relinquish(books: Books, worker: string, known: readonly string[], limit: number): SweepReply {
  const kept = new Set(known);
  const owned = books.connection.all(questions.ownedBy, worker, -1).map(toEntry);
  const strays = owned.filter(({ token }) => !kept.has(String(token)));
  const moves: Move[] = [];
  const freed: string[] = [];
  for (const entry of strays.slice(0, limit)) {
    freed.push(...books.places.free(entry));
    if (books.isToCancel(entry)) {
      books.remove(entry, 'cancelled');
      moves.push(move('cancelled', entry, worker));
      continue;
    }
    books.disown(entry, entry.crashes);
    const queued = requeue(books, entry);
    freed.push(...queued.freed);
    moves.push(move('reclaimed', entry, worker), ...queued.moves);
  }
  return { moves: [...moves, ...grantAll(books, freed)], more: strays.length > limit };
}

/** Moves up to `limit` scheduled jobs that are due to the backs of their queues; then grants what rates allow by now. */
export function promote(books: Books, limit: number): PromoteReply {
  const { connection, now } = books;
  const due = connection.all(questions.due, now, limit).map(toEntry);
  const moves = due.map((entry) => {
    books.toBack(entry);
    return move('promoted', entry);
  });
  const ripe = connection.all(paces.ripe, now, limit).map(({ key }) => textOf(key));
  moves.push(...ring(books, ripe));
  const next = firstDue(connection);
  return {
    moves,
    more: due.length === limit || ripe.length === limit,
    next: Number.isFinite(next) ? Math.max(0, next - now) : null,
  };
}

/** Grants the places of rates that have come free; of a queue's rate, wakes those who claim from it. */
function ring(books: Books, keys: readonly string[]): Move[] {
  for (const key of keys) {
    books.connection.run(paces.dropTimer, key);
    const { kind, name } = readKey(key);
    if (kind === 'queue') books.arrived.add(name);
  }
  return grantAll(books, keys);
}

/** Passes up to `limit` grants that were not claimed in time, or renews them. */
export function passGrants(books: Books, limit: number): SweepReply {
  const ended = books.connection.all(questions.endedGrants, books.now, limit + 1).map(toEntry);
  const moves = grantAll(books, resumed(books));
  let [looks, done] = [PASS_BUDGET, 0];
  for (const entry of ended.slice(0, limit)) {
    if (looks <= 0) break;
    const passed = passGrant(books, entry);
    moves.push(...passed.moves);
    looks -= passed.looks;
    done += 1;
  }
  return { moves, more: ended.length > done || hasUngranted(books) };
}

/** Moves up to `limit` parked jobs of these types to the fronts of their queues. */
export function unpark(books: Books, types: readonly string[], limit: number): SweepReply {
  const parked: Entry[] = [];
  for (const type of new Set(types)) {
    if (books.gates.pauseOf(type) !== null) continue;
    const rows = books.connection.all(questions.parked, type, limit + 1 - parked.length);
    parked.push(...rows.map(toEntry));
  }
  const moves = parked.slice(0, limit).map((entry) => {
    books.toFront(entry);
    return move('unparked', entry);
  });
  return { moves, more: parked.length > limit };
}

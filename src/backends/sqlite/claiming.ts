import { isUtf8 } from 'node:buffer';
import { CLAIM_BUDGET, type Claim, type Move } from '../../contract/backend.ts';
import type { ClaimedJob, StoredJob } from '../../core/envelope.ts';
import { type Books, move } from './books.ts';
import type { Row } from './driver.ts';
import { grantAll } from './granting.ts';
import { bytes, type Entry, integer, parseExtras, parseLocks, text, toJob } from './rows.ts';
import { questions } from './statements.ts';

export interface Claimed {
  readonly claimed: readonly ClaimedJob[];
  readonly moves: readonly Move[];
  /** The bound was met before the end of the queues. */
  readonly more: boolean;
}

// What is read and then not looked at was read for nothing.
const MOST_ROWS = 100;

/** Takes up to `count` jobs for a worker. Those whose locks are full are held, and what is no job goes to the dead letters. */
export function claim(books: Books, worker: string, request: Claim): Claimed {
  const claimed: ClaimedJob[] = [];
  const moves: Move[] = [];
  const freed: string[] = [];
  const more = look(books, request, claimed, (row, entry) => {
    const job = readJob(books, row);
    if (typeof job === 'string') {
      freed.push(...books.places.free(entry));
      moves.push(books.bury(entry, job));
      return;
    }
    const reason = books.gates.pauseOf(entry.type);
    if (reason !== null) {
      for (const key of books.places.free(entry)) books.touched.add(key);
      books.park(entry, reason);
      moves.push(move('parked', entry, reason));
      return;
    }
    const full = request.locks === 'take' ? books.places.firstFull(entry) : undefined;
    if (full === undefined) {
      claimed.push(own(books, job, entry, worker, request.locks));
    } else {
      books.hold(entry, full.key);
      moves.push(move('held', entry, full.key));
    }
  });
  // What was damaged had places to give back; and what has started has used up places of rates.
  moves.push(...grantAll(books, freed));
  return { claimed, moves, more };
}

/** Shows the waiting jobs in their order until enough are claimed. Returns whether the bound was met first. */
function look(
  books: Books,
  { queues, count }: Claim,
  claimed: readonly ClaimedJob[],
  show: (row: Row, entry: Entry) => void,
): boolean {
  let budget = count + CLAIM_BUDGET;
  for (const queue of queues) {
    if (claimed.length >= count) return false;
    const most = claimed.length + books.gates.room(queue, count - claimed.length);
    const rows = most > claimed.length ? waitingIn(books, queue, () => most - claimed.length) : [];
    for (const row of rows) {
      if (budget === 0) return true;
      budget -= 1;
      if (row === undefined) break;
      show(row, toWaiting(row));
      if (claimed.length >= most) break;
    }
    books.gates.watch(queue);
  }
  return false;
}

/** The rows of a queue, and undefined after the last. Each must have left the queue before the next is asked for. */
function* waitingIn(books: Books, queue: string, wanted: () => number): Generator<Row | undefined> {
  let rows: readonly Row[] = [];
  do {
    // Where many are held, more are read each time.
    const limit = Math.max(wanted(), Math.min(2 * rows.length, MOST_ROWS));
    rows = books.connection.all(questions.next, queue, limit);
    yield* rows;
  } while (rows.length > 0);
  yield undefined;
}

function toWaiting(row: Row): Entry {
  return {
    sequence: integer(row.sequence),
    id: text(row.id),
    type: text(row.type),
    queue: text(row.queue),
    locks: parseLocks(row.locks),
    extras: parseExtras(row.extras),
    state: 'waiting',
    granted: row.lane === 0,
    attempts: integer(row.attempts),
    crashes: integer(row.crashes),
    // Not read: each column costs every claim some time, and only `bury` would ask for it.
    failures: 0,
    worker: '',
    token: 0,
  };
}

/** The job, or why it is none. */
function readJob({ connection }: Books, row: Row): StoredJob | string {
  const job = toJob(row);
  // Bytes that are no UTF-8 are read as this character. It may be there by right as well, which is seldom.
  if (typeof job === 'string' || !job.payload.includes('\uFFFD')) return job;
  const raw = connection.get(questions.rawPayload, job.sequence)?.raw;
  return isUtf8(bytes(raw)) ? job : 'its payload is no UTF-8';
}

function own(books: Books, job: StoredJob, entry: Entry, worker: string, locks: Claim['locks']): ClaimedJob {
  const token = books.tallies.next();
  for (const lock of job.locks ?? []) {
    if (locks === 'take' || books.places.holds(entry, lock.key)) books.places.take(entry, lock, token);
  }
  books.gates.enter(entry.queue, entry.sequence);
  books.claim(entry, worker, token);
  return { ...job, worker, token: String(token) };
}

import { isUtf8 } from 'node:buffer';
import { CLAIM_BUDGET, type Claim, type Move } from '../../contract/backend.ts';
import type { ClaimedJob, StoredJob } from '../../core/envelope.ts';
import { type Books, move } from './books.ts';
import { Claims } from './claims.ts';
import type { Row, Value } from './driver.ts';
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
  const claims = new Claims(books.connection, worker);
  const more = look(books, request, claims, claimed, (row, entry) => {
    const job = readJob(books, row, entry);
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
      claimed.push(own(books, claims, job, entry, request.locks));
    } else {
      books.hold(entry, full.key);
      moves.push(move('held', entry, full.key));
    }
  });
  claims.write();
  // What was damaged had places to give back; and what has started has used up places of rates.
  moves.push(...grantAll(books, freed));
  return { claimed, moves, more };
}

/** Shows the waiting jobs in their order until enough are claimed. Returns whether the bound was met first. */
function look(
  books: Books,
  { queues, count }: Claim,
  claims: Claims,
  claimed: readonly ClaimedJob[],
  show: (row: Row, entry: Entry) => void,
): boolean {
  let budget = count + CLAIM_BUDGET;
  for (const queue of queues) {
    if (claimed.length >= count) return false;
    const most = claimed.length + books.gates.room(queue, count - claimed.length);
    const rows = most > claimed.length ? waitingIn(books, claims, queue, () => most - claimed.length) : [];
    for (const row of rows) {
      if (budget === 0) return true;
      budget -= 1;
      if (row === undefined) break;
      show(row, toWaiting(row));
      if (claimed.length >= most) break;
    }
    claims.write();
    books.gates.watch(queue);
  }
  return false;
}

/** The rows of a queue, and undefined after the last. Each must have left the queue before the next is asked for. */
function* waitingIn(
  { connection }: Books,
  claims: Claims,
  queue: string,
  wanted: () => number,
): Generator<Row | undefined> {
  let limit = 0;
  let rows: readonly (readonly Value[])[] = [];
  do {
    // Where many are held, more are read each time.
    limit = Math.max(wanted(), Math.min(2 * rows.length, MOST_ROWS));
    claims.write();
    rows = connection.rows(questions.next, queue, limit);
    for (const row of rows) yield toRow(row);
  } while (rows.length === limit);
  yield undefined;
}

/** The columns of `questions.next` by their names. */
function toRow(row: readonly Value[]): Row {
  const [sequence = null, id = null, type = null, queue = null, locks = null, extras = null, ...others] = row;
  const [enqueued_at = null, attempts = null, crashes = null, payload = null, lane = null] = others;
  return { sequence, id, type, queue, locks, extras, enqueued_at, attempts, crashes, payload, lane };
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
function readJob({ connection }: Books, row: Row, { locks, extras }: Entry): StoredJob | string {
  const job = toJob(row, locks, extras);
  // Bytes that are no UTF-8 are read as this character. It may be there by right as well, which is seldom.
  if (typeof job === 'string' || !job.payload.includes('\uFFFD')) return job;
  const raw = connection.get(questions.rawPayload, job.sequence)?.raw;
  return isUtf8(bytes(raw)) ? job : 'its payload is no UTF-8';
}

function own(
  books: Books,
  claims: Claims,
  { id, type, queue, payload, locks, attempts, crashes, sequence, enqueuedAt, extras }: StoredJob,
  entry: Entry,
  locking: Claim['locks'],
): ClaimedJob {
  const number = books.tallies.next();
  for (const lock of locks ?? []) {
    if (locking === 'take' || books.places.holds(entry, lock.key)) books.places.take(entry, lock, number);
  }
  books.gates.enter(queue, sequence);
  claims.add(sequence, number);
  books.claimed(entry);
  const { worker } = claims;
  const token = String(number);
  // Spelled out: this is made for each job, and a spread takes several times as long.
  const job = { id, type, queue, payload, locks, attempts, crashes, sequence, enqueuedAt, worker, token };
  return extras === undefined ? job : { ...job, extras };
}

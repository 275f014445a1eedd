import type { Move, Settlement } from '../../contract/backend.ts';
import type { ClaimedJob, Due, NewJob, StoredJob } from '../../core/envelope.ts';
import { shown, WingmanError } from '../../core/errors.ts';
import type { Extras } from '../../core/extras.ts';
import type { Keep } from '../../core/keep.ts';
import type { StoredLock } from '../../core/lock.ts';
import type { FailedAttempt, Failure } from '../../core/outcome.ts';
import { STATES, type State, TRANSITIONS, type TransitionEvent } from '../../core/states.ts';

// The form of an envelope is told in lua/shared/envelope.lua.
const NO_LOCKS = 0;
const UNKNOWN_LOCKS = 1;
/** Added to either where there are extras. */
const WITH_EXTRAS = 2;

/** New jobs as the scripts take them: in groups that have much in common, so that it is said once. */
export function encodeNew(jobs: readonly NewJob[]): (string | number)[] {
  const words: (string | number)[] = [];
  for (let first = 0; first < jobs.length; ) {
    const head = jobs[first];
    if (head === undefined) break;
    let end = first + 1;
    while (end < jobs.length && isAlike(head, jobs[end])) end += 1;
    const due = head.due === undefined ? '' : encodeDue(head.due);
    words.push(end - first, head.queue, due, encodeStart(head), encodeEnd(head));
    for (const { id, payload } of jobs.slice(first, end)) words.push(id, payload);
    first = end;
  }
  return words;
}

/** Whether a job is due now, and has no locks that are known, no unique key and no extras: most are like that. */
export function isSimple({ due, extras, locks }: NewJob): boolean {
  return due === undefined && extras === undefined && (locks === null || locks.length === 0);
}

/** The newest start of one: the next is mostly the same. */
let simple = { type: '', queue: '', areLocksKnown: false, start: '' };

/** The start of a simple job's stored envelope, up to the instant. */
export function encodeSimple({ type, queue, locks }: NewJob): string {
  const areLocksKnown = locks !== null;
  if (type !== simple.type || queue !== simple.queue || areLocksKnown !== simple.areLocksKnown) {
    const start = `${JSON.stringify([areLocksKnown ? NO_LOCKS : UNKNOWN_LOCKS, type, queue]).slice(0, -1)},`;
    simple = { type, queue, areLocksKnown, start };
  }
  return simple.start;
}

/** Whether two jobs differ in nothing but their ids and payloads. */
function isAlike(a: NewJob, b: NewJob | undefined): boolean {
  if (b === undefined || a.type !== b.type || a.queue !== b.queue || a.due !== b.due) return false;
  if (a.extras !== undefined || b.extras !== undefined) return false;
  return a.locks === null ? b.locks === null : a.locks.length === 0 && b.locks?.length === 0;
}

/** The start of a stored envelope: the script appends the instant and the sequence. */
function encodeStart({ locks, type, queue, extras }: NewJob): string {
  const encoded = encodeLocks(locks);
  const first = typeof encoded === 'number' && extras !== undefined ? encoded + WITH_EXTRAS : encoded;
  return JSON.stringify([first, type, queue]).slice(0, -1);
}

/** The end of the line after the sequence. */
function encodeEnd({ extras }: NewJob): string {
  return extras === undefined ? ']' : `,0,0,0,${JSON.stringify(extras)}]`;
}

export function encodeLocks(locks: readonly StoredLock[] | null): number | (readonly (string | number)[])[] {
  if (locks === null) return UNKNOWN_LOCKS;
  if (locks.length === 0) return NO_LOCKS;
  return locks.map(({ key, concurrency, interval }) =>
    interval === undefined ? [key, concurrency] : [key, concurrency, interval],
  );
}

export function encodeDue(due: Due): string {
  return 'at' in due ? `at ${due.at}` : `in ${due.in}`;
}

/** A rule as the hash of rules holds it; -1 for no limit. */
export function encodeKeep({ for: time, count }: Keep): string {
  return `${time ?? -1} ${count ?? -1}`;
}

/**
 * Reads a stored envelope.
 * @throws WingmanError `WINGMAN_PAYLOAD_DAMAGED`
 */
export function decodeEnvelope(id: string, value: string): StoredJob {
  const { type, queue, locks, attempts, crashes, sequence, enqueuedAt, extras, isForeign, end } = decodeLine(id, value);
  const payload = payloadOf(id, value.slice(end + 1), isForeign);
  const job = { id, type, queue, payload, locks, attempts, crashes, sequence, enqueuedAt };
  return extras === undefined ? job : { ...job, extras };
}

/**
 * The same, of one that was claimed, and whose envelope is a part of a text. Written out, since it is done for each job that runs.
 * @throws WingmanError `WINGMAN_PAYLOAD_DAMAGED`
 */
export function decodeClaim(
  id: string,
  text: string,
  from: number,
  to: number,
  worker: string,
  token: string,
): ClaimedJob {
  const line = decodeAsLast(text, from) ?? decodeAnew(id, text.slice(from, to), from);
  const { type, queue, locks, attempts, crashes, sequence, enqueuedAt, extras, isForeign, end } = line;
  const payload = payloadOf(id, text.slice(end + 1, to), isForeign);
  const job = { id, type, queue, payload, locks, attempts, crashes, sequence, enqueuedAt, worker, token };
  return extras === undefined ? job : { ...job, extras };
}

interface Line extends Omit<StoredJob, 'id' | 'payload' | 'extras'> {
  readonly extras: Extras | undefined;
  readonly isForeign: boolean;
  /** Where the line ends in the text. */
  readonly end: number;
}

/**
 * Reads the line of a stored envelope, of which the payload may be cut short or missing.
 * @throws WingmanError `WINGMAN_PAYLOAD_DAMAGED`
 */
export function decodeLine(id: string, value: string): Line {
  const line = decodeAsLast(value, 0);
  return line === null ? decodeAnew(id, value, 0) : { ...line };
}

const NONE: readonly StoredLock[] = [];

/** How the last line began that had no more than its head, an instant and a sequence: the next mostly begins alike. */
let lastStart = '[';
/** The same from the end of its locks on. */
let lastEnd = ']]';
let lastLocks: Line['locks'] | undefined;

/** What was read as the last one was, until the next is: to make an object for each line takes as long as to read it. */
const newest: { -readonly [Name in keyof Line]: Line[Name] } = {
  ...{ type: '', queue: '', locks: null, attempts: 0, crashes: 0, sequence: 0, enqueuedAt: 0 },
  ...{ extras: undefined, isForeign: false, end: 0 },
};

const [ZERO, NINE, COMMA, BRACKET, LINE_FEED] = [48, 57, 44, 93, 10] as const;

/**
 * Reads a line that differs from the last one in two whole numbers, or in the key of its only lock as well; null for any other. A third of
 * the time of `JSON.parse`.
 */
function decodeAsLast(value: string, from: number): Line | null {
  if (lastLocks === undefined) return null;
  if (value.startsWith(lastStart, from)) return decodeNumbers(value, from + lastStart.length, lastLocks);
  // As `[[["key",1]],"type","queue",`.
  if (!value.startsWith('[[["', from)) return null;
  const end = value.indexOf('"', from + 4);
  const key = value.slice(from + 4, end);
  if (end < 0 || key.includes('\\') || value.charCodeAt(end + 1) !== COMMA) return null;
  let at = end + 2;
  let concurrency = 0;
  let code = value.charCodeAt(at);
  for (; code >= ZERO && code <= NINE; at += 1, code = value.charCodeAt(at))
    concurrency = 10 * concurrency + (code - ZERO);
  if (at === end + 2 || !value.startsWith(lastEnd, at)) return null;
  return decodeNumbers(value, at + lastEnd.length, [{ key, concurrency }]);
}

/** Reads the instant and the sequence at the end of a line, from here on. */
function decodeNumbers(value: string, from: number, locks: Line['locks']): Line | null {
  let at = from;
  let [enqueuedAt, sequence] = [0, 0];
  let code = value.charCodeAt(at);
  for (; code >= ZERO && code <= NINE; at += 1, code = value.charCodeAt(at))
    enqueuedAt = 10 * enqueuedAt + (code - ZERO);
  if (code !== COMMA || at === from) return null;
  at += 1;
  const second = at;
  code = value.charCodeAt(at);
  for (; code >= ZERO && code <= NINE; at += 1, code = value.charCodeAt(at)) sequence = 10 * sequence + (code - ZERO);
  if (code !== BRACKET || at === second || value.charCodeAt(at + 1) !== LINE_FEED) return null;
  newest.locks = locks;
  newest.sequence = sequence;
  newest.enqueuedAt = enqueuedAt;
  newest.end = at + 1;
  return newest;
}

/** @param from where it begins in the text that it is a part of */
function decodeAnew(id: string, value: string, from: number): Line {
  const end = value.indexOf('\n');
  const line = end < 0 ? null : parse(value.slice(0, end));
  if (!Array.isArray(line)) throw damaged(id, value);
  // By number, and not by destructuring, which goes through an iterator.
  const type: unknown = line[1];
  const queue: unknown = line[2];
  const enqueuedAt: unknown = line[3];
  const sequence: unknown = line[4];
  const attempts: unknown = line[5] ?? 0;
  const crashes: unknown = line[6] ?? 0;
  const extras: unknown = line[8] ?? undefined;
  if (
    typeof type !== 'string' ||
    typeof queue !== 'string' ||
    typeof enqueuedAt !== 'number' ||
    typeof sequence !== 'number' ||
    typeof attempts !== 'number' ||
    typeof crashes !== 'number' ||
    !(extras === undefined || typeof extras === 'object')
  ) {
    throw damaged(id, value);
  }
  const locks = decodeLocks(id, line[0], value);
  if (line.length === 5 && (typeof line[0] === 'number' || isOneLock(line[0]))) {
    lastEnd = `]],${JSON.stringify([type, queue]).slice(1, -1)},`;
    lastStart = `${JSON.stringify([line[0], type, queue]).slice(0, -1)},`;
    lastLocks = locks;
    newest.type = type;
    newest.queue = queue;
  }
  const isForeign = line[7] === 1;
  const rest = { extras: extras ?? undefined, isForeign, end: from + end };
  return { type, queue, locks, attempts, crashes, sequence, enqueuedAt, ...rest };
}

function isOneLock(locks: unknown): boolean {
  return Array.isArray(locks) && locks.length === 1 && Array.isArray(locks[0]) && locks[0].length === 2;
}

function decodeLocks(id: string, locks: unknown, value: string): readonly StoredLock[] | null {
  if (locks === NO_LOCKS || locks === NO_LOCKS + WITH_EXTRAS) return NONE;
  if (locks === UNKNOWN_LOCKS || locks === UNKNOWN_LOCKS + WITH_EXTRAS) return null;
  if (!Array.isArray(locks)) throw damaged(id, value);
  return locks.map((lock: unknown) => {
    const [key, concurrency, interval]: unknown[] = Array.isArray(lock) ? lock : [];
    if (typeof key !== 'string' || typeof concurrency !== 'number') throw damaged(id, value);
    if (interval === undefined) return { key, concurrency };
    if (typeof interval !== 'number') throw damaged(id, value);
    return { key, concurrency, interval };
  });
}

function payloadOf(id: string, rest: string, isForeign: boolean): string {
  return isForeign ? payloadWithin(id, rest) : rest;
}

/** The payload of a whole envelope that another program pushed. */
function payloadWithin(id: string, text: string): string {
  const envelope = parse(text);
  if (typeof envelope !== 'object' || envelope === null || !('Job' in envelope)) throw damaged(id, text);
  return JSON.stringify(envelope.Job);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function damaged(id: string, value: string): WingmanError {
  return new WingmanError('WINGMAN_PAYLOAD_DAMAGED', `the stored envelope of job ${id} is damaged: ${shown(value)}`);
}

/** Whether a settlement is the common one that the exchange settles in bulk: the job may have locks, which are known. */
export function isPlain({ job, outcome }: Settlement, worker: string): boolean {
  return (
    outcome.kind === 'completed' &&
    outcome.counted !== false &&
    outcome.keep === undefined &&
    job.worker === worker &&
    job.attempts === 0 &&
    job.extras === undefined &&
    job.locks !== null
  );
}

/** A settlement as `settle` in lua/shared/settle.lua takes it. */
export function encodeSettlement({ job, outcome }: Settlement): readonly unknown[] {
  const head = [job.id, job.token, job.worker, job.queue, outcome.kind];
  switch (outcome.kind) {
    case 'completed':
      return [
        ...head,
        outcome.counted === false ? 0 : 1,
        ...(outcome.keep === undefined ? [''] : [encodeKeep(outcome.keep), outcome.result ?? '']),
      ];
    case 'retry':
      return [...head, outcome.delay, encodeFailure(job, outcome.failure, outcome.took)];
    case 'failed':
      return [...head, outcome.counted === false ? 0 : 1, encodeFailure(job, outcome.failure, outcome.took)];
    case 'snoozed':
      return [...head, encodeDue(outcome.due)];
    case 'parked':
    case 'dead':
      return [...head, outcome.reason];
    case 'released':
      return [...head, outcome.untried === true ? 1 : 0];
    case 'cancelled':
      return head;
  }
}

function encodeFailure(job: ClaimedJob, failure: Failure, took?: number): string {
  return JSON.stringify({ ...failure, took, attempt: job.attempts + 1, worker: job.worker });
}

/** Reads a kept failure: the instant, a space, JSON. One that is damaged is shown as it is. */
export function decodeFailure(text: string): FailedAttempt {
  const at = Number.parseInt(text, 10);
  const kept = parse(text.slice(text.indexOf(' ') + 1));
  const unknown = { name: 'Unreadable', message: text, attempt: 0, worker: '', at };
  return typeof kept === 'object' && kept !== null ? { ...unknown, ...kept } : unknown;
}

const EVENTS: ReadonlySet<string> = new Set(TRANSITIONS.map(({ event }) => event));

function isEvent(event: string): event is TransitionEvent {
  return EVENTS.has(event);
}

/** Reads a script's flat list of moves. */
export function decodeMoves(flat: readonly string[]): Move[] {
  const moves: Move[] = [];
  for (let at = 0; at < flat.length; at += 4) {
    const [event = '', id = '', queue = '', detail = ''] = flat.slice(at, at + 4);
    if (isEvent(event)) moves.push(detail === '' ? { event, id, queue } : { event, id, queue, detail });
  }
  return moves;
}

export function decodeState(state: string): State {
  const found = STATES.find((known) => known === state);
  if (found === undefined)
    throw new WingmanError('WINGMAN_BACKEND_FAILED', `Redis gave an unknown state ${shown(state)}`);
  return found;
}

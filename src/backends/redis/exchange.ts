// What an exchange says to its script, and what comes back.
import type { ExchangeReply, ExchangeRequest } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { ClaimedJob, StoredJob } from '../../core/envelope.ts';
import { ID_LENGTH } from '../../core/id.ts';
import { decodeClaim, decodeMoves, encodeSettlement } from './codec.ts';
import { callArgs } from './desk.ts';
import { arrayOf, listOf, numberOf, SEPARATOR, textOf } from './replies.ts';
import type { Word } from './send.ts';
import { sortSettled, sortSettlements, type Way } from './settling.ts';

const NO_WAYS: readonly Way[] = [];

export interface ExchangeOrder {
  /** The words for the script. */
  readonly words: readonly Word[];
  /** For each settlement, in the order of the request. */
  readonly ways: readonly Way[];
}

/** @param isWoken it is made where there is a token in one of its queues */
export function encodeExchange(
  call: Call,
  request: ExchangeRequest,
  grantTimeout: number,
  isWoken = false,
): ExchangeOrder {
  const { worker, settlements, claim, awaited = [] } = request;
  // The script readies itself for one queue alone.
  const { queues, count, locks } = claim ?? { queues: awaited.length === 1 ? awaited : [], count: 0, locks: 'take' };
  const how = isWoken && locks === 'take' && settlements.length === 0 ? 'woken' : locks;
  const words: Word[] = [...callArgs(call), worker, grantTimeout, count, how, queues.length];
  for (const queue of queues) words.push(queue);
  if (settlements.length === 0) return { words, ways: NO_WAYS };
  const { ways, plain, locked, singles } = sortSettlements(settlements, worker);
  plain.addTo(words);
  words.push(singles.length === 0 ? '' : JSON.stringify(singles.map(encodeSettlement)));
  locked.addTo(words);
  return { words, ways };
}

export interface Exchanged {
  readonly reply: ExchangeReply;
  /** Claims whose envelope cannot be read: they are this worker's, and nobody can run them. */
  readonly damaged: readonly ClaimedJob[];
}

/** Null: it cannot be told where one envelope ends and the next begins. Then the call is to be repeated, which tells them one by one. */
export function decodeExchange(
  reply: unknown,
  { worker, claim }: ExchangeRequest,
  ways: readonly Way[],
): Exchanged | null {
  if (typeof reply === 'string') return decodeOnly(reply, worker, claim?.queues, ways);
  const words = arrayOf(reply);
  if (typeof words[0] === 'string') return decodeCommon(words, worker, claim?.queues, ways);
  const [lost, digits, flat, tokens, moves, more, owned, now] = words;
  const { claimed, damaged } = decodeClaims(worker, listOf(flat), tokens, claim?.queues);
  return {
    reply: {
      lost: lost === 1,
      settled: sortSettled(textOf(digits), ways),
      claimed,
      moves: decodeMoves(listOf(moves).map(textOf)),
      more: more === 1,
      // Those that cannot be read are about to be buried.
      owned: numberOf(owned) - damaged.length,
      now: numberOf(now),
    },
    damaged,
  };
}

/** A reply with one job, which comes as one text: each word of a reply takes long to read. */
function decodeOnly(
  reply: string,
  worker: string,
  queues: readonly string[] | undefined,
  ways: readonly Way[],
): Exchanged {
  const instant = reply.indexOf(' ', reply.indexOf(' ') + 1) + 1;
  const token = reply.indexOf(' ', instant) + 1;
  const id = reply.indexOf(' ', token) + 1;
  const envelope = id + ID_LENGTH + 1;
  const claims = new Claims(worker, queues);
  claims.add(reply.slice(id, envelope - 1), reply.slice(token, id - 1), reply, envelope, reply.length);
  return common(reply.slice(0, token - 1), claims, 1, ways);
}

/** @returns null as `decodeExchange` does */
function decodeCommon(
  words: readonly unknown[],
  worker: string,
  queues: readonly string[] | undefined,
  ways: readonly Way[],
): Exchanged | null {
  const claims = new Claims(worker, queues);
  if (words.length > 2 && !claims.addAll(textOf(words[2]), textOf(words[3]))) return null;
  return common(textOf(words[0]), claims, numberOf(words[1]), ways);
}

/** @param told as `DIGITS MORE INSTANT` */
function common(told: string, { claimed, damaged }: Claims, owned: number, ways: readonly Way[]): Exchanged {
  const end = told.indexOf(' ');
  const settled = sortSettled(told.slice(0, end), ways);
  const more = told.startsWith('1', end + 1);
  const now = Number(told.slice(end + 3));
  return { reply: { lost: false, settled, claimed, moves: [], more, owned: owned - damaged.length, now }, damaged };
}

/** What was claimed, as it is read. */
class Claims {
  readonly claimed: ClaimedJob[] = [];
  readonly damaged: ClaimedJob[] = [];
  readonly #worker: string;
  readonly #queues: readonly string[];

  constructor(worker: string, queues: readonly string[] = []) {
    this.#worker = worker;
    this.#queues = queues;
  }

  /** Reads one, whose envelope is a part of a text. */
  add(id: string, token: string, text: string, from: number, to: number): void {
    try {
      this.claimed.push(decodeClaim(id, text, from, to, this.#worker, token));
    } catch {
      // Which of several queues it came from is part of what cannot be read.
      const queue = this.#queues.length === 1 ? this.#queues[0] : '';
      this.damaged.push({ ...unreadable(id, queue), worker: this.#worker, token });
    }
  }

  /**
   * @param owned ids and tokens as JSON: `["ID","TOKEN","ID","TOKEN"]`
   * @param envelopes with a separator between two of them
   * @returns whether they could be told from each other
   */
  addAll(owned: string, envelopes: string): boolean {
    const names = namesIn(owned);
    if (names === null) return false;
    let from = 0;
    for (let at = 0; at < names.length; at += 2) {
      const isLast = at === names.length - 2;
      const end = envelopes.indexOf(SEPARATOR, from);
      // There are as many separators as there should be, and so none within an envelope.
      if (end < 0 !== isLast) return false;
      const to = isLast ? envelopes.length : end;
      this.add(names[at] ?? '', names[at + 1] ?? '', envelopes, from, to);
      from = to + 1;
    }
    return true;
  }
}

/**
 * Texts of their own, and not parts of a longer one: V8 would keep all of that in memory for as long as anybody keeps the id of one job. It
 * takes less time as well.
 * @returns null where one of them is not as ids and tokens are
 */
function namesIn(owned: string): readonly string[] | null {
  // Nobody but who writes to the server by hand can have enqueued such a job.
  if (owned.includes('\\')) return null;
  try {
    const names: unknown = JSON.parse(owned);
    return Array.isArray(names) && names.every(isText) ? names : null;
  } catch {
    return null;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/**
 * @param flat id and envelope of each
 * @param tokens that of the first, where each is by one greater than the one before, or a list
 */
function decodeClaims(
  worker: string,
  flat: readonly unknown[],
  tokens: unknown,
  queues: readonly string[] | undefined,
): Claims {
  const claims = new Claims(worker, queues);
  // Microseconds since the epoch, or some more: a whole number for some centuries.
  const first = Array.isArray(tokens) || flat.length === 0 ? 0 : numberOf(tokens);
  for (let at = 0; at < flat.length; at += 2) {
    const envelope = textOf(flat[at + 1]);
    const token = Array.isArray(tokens) ? textOf(tokens[at / 2]) : String(first + at / 2);
    claims.add(textOf(flat[at]), token, envelope, 0, envelope.length);
  }
  return claims;
}

function unreadable(id: string, queue = ''): StoredJob {
  return { id, type: '', queue, payload: '', locks: null, attempts: 0, crashes: 0, sequence: 0, enqueuedAt: 0 };
}

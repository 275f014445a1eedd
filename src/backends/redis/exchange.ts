// What an exchange says to its script, and what comes back.
import { CLAIM_BUDGET, type ExchangeReply, type ExchangeRequest, type Settled } from '../../contract/backend.ts';
import type { ClaimedJob, StoredJob } from '../../core/envelope.ts';
import { decodeClaim, decodeMoves, encodeSettlement, isPlain } from './codec.ts';
import { arrayOf, numberOf, textOf } from './replies.ts';

export interface ExchangeOrder {
  /** The words for the script after those that name the call. */
  readonly words: readonly (string | number)[];
  /** For each settlement, in the order of the request: whether it is settled in bulk, and so before the others. */
  readonly isInBulk: readonly boolean[];
}

export function encodeExchange(request: ExchangeRequest, grantTimeout: number): ExchangeOrder {
  const { worker, settlements, claim } = request;
  const { queues = [], count = 0, locks = 'take' } = claim ?? {};
  const ids: string[] = [];
  const tokens: string[] = [];
  const others: unknown[] = [];
  const isInBulk = bulk(request);
  for (const [at, settlement] of settlements.entries()) {
    if (isInBulk[at] === true) {
      ids.push(settlement.job.id);
      tokens.push(settlement.job.token);
    } else others.push(encodeSettlement(settlement));
  }
  const words = [
    worker,
    grantTimeout,
    count,
    locks,
    CLAIM_BUDGET,
    queues.length,
    ...queues,
    ids.length,
    ...ids,
    ...tokens,
    others.length === 0 ? '' : JSON.stringify(others),
  ];
  return { words, isInBulk };
}

export interface Exchanged {
  readonly reply: ExchangeReply;
  /** Claims whose envelope cannot be read: they are this worker's, and nobody can run them. */
  readonly damaged: readonly ClaimedJob[];
}

export function decodeExchange(
  reply: unknown,
  { worker, claim }: ExchangeRequest,
  isInBulk: readonly boolean[],
): Exchanged {
  const [lost, digits, flat, tokens, moves, more, owned, now] = arrayOf(reply);
  const { claimed, damaged } = decodeClaims(worker, listOf(flat), tokens, claim?.queues ?? []);
  return {
    reply: {
      lost: lost === 1,
      settled: sortSettled(textOf(digits), isInBulk),
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

/** 0 is in the stead of an empty list. */
function listOf(reply: unknown): readonly unknown[] {
  return reply === 0 ? [] : arrayOf(reply);
}

/**
 * Which settlements are settled in bulk, before the others. None is where a job is named twice: then the order decides which
 * of the two is stale.
 */
function bulk({ settlements, worker }: ExchangeRequest): boolean[] {
  const ids = new Set<string>();
  const isInBulk = settlements.map((settlement) => {
    ids.add(settlement.job.id);
    return isPlain(settlement, worker);
  });
  return ids.size < settlements.length ? isInBulk.fill(false) : isInBulk;
}

/** By the digit that says it. */
const SETTLED = ['stale', 'settled', 'cancelled'] as const;

/** The script settles those in bulk first; the reply is in the order of the request. */
function sortSettled(digits: string, isInBulk: readonly boolean[]): Settled[] {
  let nextInBulk = 0;
  let nextOther = isInBulk.filter(Boolean).length;
  return isInBulk.map((is) => {
    const at = is ? nextInBulk++ : nextOther++;
    return SETTLED[Number(digits[at])] ?? 'stale';
  });
}

/**
 * @param flat id and envelope of each
 * @param tokens that of the first, where each is by one greater than the one before, or a list
 */
function decodeClaims(
  worker: string,
  flat: readonly unknown[],
  tokens: unknown,
  queues: readonly string[],
): { claimed: ClaimedJob[]; damaged: ClaimedJob[] } {
  const claimed: ClaimedJob[] = [];
  const damaged: ClaimedJob[] = [];
  // Microseconds since the epoch, or some more: a whole number for some centuries.
  const first = Array.isArray(tokens) ? 0 : numberOf(tokens);
  for (let at = 0; at < flat.length; at += 2) {
    const id = textOf(flat[at]);
    const token = Array.isArray(tokens) ? textOf(tokens[at / 2]) : String(first + at / 2);
    try {
      claimed.push(decodeClaim(id, textOf(flat[at + 1]), worker, token));
    } catch {
      // Which of several queues it came from is part of what cannot be read.
      damaged.push({ ...unreadable(id, queues.length === 1 ? queues[0] : ''), worker, token });
    }
  }
  return { claimed, damaged };
}

function unreadable(id: string, queue = ''): StoredJob {
  return { id, type: '', queue, payload: '', locks: null, attempts: 0, crashes: 0, sequence: 0, enqueuedAt: 0 };
}

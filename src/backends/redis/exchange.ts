// What an exchange says to its script, and what comes back.
import type { ExchangeReply, ExchangeRequest, Settled } from '../../contract/backend.ts';
import type { ClaimedJob, StoredJob } from '../../core/envelope.ts';
import { ID_LENGTH } from '../../core/id.ts';
import { decodeClaim, decodeMoves, encodeSettlement, isPlain } from './codec.ts';
import { arrayOf, listOf, numberOf, textOf } from './replies.ts';

/** How a settlement is settled: in bulk, since the job holds nothing, or has locks and nothing else; or on its own. */
type Way = 'plain' | 'locked' | 'single';

const NO_WAYS: readonly Way[] = [];
const NOTHING_SETTLED: readonly Settled[] = [];

export interface ExchangeOrder {
  /** The words for the script after those that name the call. */
  readonly words: readonly (string | number)[];
  /** For each settlement, in the order of the request. */
  readonly ways: readonly Way[];
}

/** @param isWoken it is made where there is a token in one of its queues */
export function encodeExchange(request: ExchangeRequest, grantTimeout: number, isWoken = false): ExchangeOrder {
  const { worker, settlements, claim } = request;
  const { queues = [], count = 0, locks = 'take' } = claim ?? {};
  const ways = waysOf(request);
  const singles: unknown[] = [];
  for (const [at, settlement] of settlements.entries()) {
    if (ways[at] === 'single') singles.push(encodeSettlement(settlement));
  }
  const how = isWoken && locks === 'take' && settlements.length === 0 ? 'woken' : locks;
  const words = [worker, grantTimeout, count, how, queues.length, ...queues];
  if (settlements.length > 0) {
    words.push(
      ...inBulk('plain', request, ways),
      singles.length === 0 ? '' : JSON.stringify(singles),
      ...inBulk('locked', request, ways),
    );
  }
  return { words, ways };
}

/**
 * How many are settled in this way, how many tokens follow, their ids, and their tokens: of a batch that was claimed at once, and so is
 * mostly settled at once, the first says it all.
 */
function inBulk(way: Way, { settlements }: ExchangeRequest, ways: readonly Way[]): (string | number)[] {
  const ids: string[] = [];
  const tokens: string[] = [];
  let isInRow = true;
  for (const [at, { job }] of settlements.entries()) {
    if (ways[at] !== way) continue;
    if (tokens.length > 0 && Number(job.token) !== Number(tokens[0]) + tokens.length) isInRow = false;
    ids.push(job.id);
    tokens.push(job.token);
  }
  const told = isInRow ? tokens.slice(0, 1) : tokens;
  return [ids.length, told.length, ...ids, ...told];
}

export interface Exchanged {
  readonly reply: ExchangeReply;
  /** Claims whose envelope cannot be read: they are this worker's, and nobody can run them. */
  readonly damaged: readonly ClaimedJob[];
}

export function decodeExchange(reply: unknown, { worker, claim }: ExchangeRequest, ways: readonly Way[]): Exchanged {
  const words = typeof reply === 'string' ? splitOnly(reply) : arrayOf(reply);
  if (typeof words[0] === 'string') return decodeCommon(words, worker, claim?.queues, ways);
  const [lost, digits, flat, tokens, moves, more, owned, now] = words;
  const { claimed, damaged } = decodeClaims(worker, listOf(flat), 0, tokens, claim?.queues);
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

/** The words of a reply with one job, which comes as one text: each word of a reply takes long to read. */
function splitOnly(reply: string): readonly [told: string, owned: number, id: string, envelope: string] {
  const end = reply.indexOf(' ', reply.indexOf(' ', reply.indexOf(' ') + 1) + 1);
  const id = end + 1;
  return [reply.slice(0, end), 1, reply.slice(id, id + ID_LENGTH), reply.slice(id + ID_LENGTH + 1)];
}

/** How many words there are before the claims in the reply of an exchange that has nothing else to tell. */
const COMMON_WORDS = 2;

function decodeCommon(
  words: readonly unknown[],
  worker: string,
  queues: readonly string[] | undefined,
  ways: readonly Way[],
): Exchanged {
  const told = textOf(words[0]);
  const [first, last] = [told.indexOf(' '), told.lastIndexOf(' ')];
  const { claimed, damaged } = decodeClaims(worker, words, COMMON_WORDS, told.slice(first + 1, last), queues);
  const owned = numberOf(words[1]) - damaged.length;
  const settled = sortSettled(told.slice(0, first), ways);
  const now = numberOf(told.slice(last + 1));
  return { reply: { lost: false, settled, claimed, moves: [], more: false, owned, now }, damaged };
}

/**
 * None is settled in bulk where a job is named twice: then the order decides which of the two is stale. Nor is one with locks where
 * others free theirs on their own: in that order they are granted.
 */
function waysOf({ settlements, worker }: ExchangeRequest): readonly Way[] {
  if (settlements.length === 0) return NO_WAYS;
  const ids = new Set<string>();
  let hasSingle = false;
  let hasLocked = false;
  const ways = settlements.map((settlement): Way => {
    ids.add(settlement.job.id);
    if (!isPlain(settlement, worker)) {
      hasSingle = true;
      return 'single';
    }
    if (settlement.job.locks?.length === 0) return 'plain';
    hasLocked = true;
    return 'locked';
  });
  if (ids.size < settlements.length) return ways.fill('single');
  return hasSingle && hasLocked ? ways.map((way) => (way === 'locked' ? 'single' : way)) : ways;
}

/** By the digit that says it. */
const SETTLED = ['stale', 'settled', 'cancelled'] as const;

/** The script settles the plain ones first; the reply is in the order of the request. */
function sortSettled(digits: string, ways: readonly Way[]): readonly Settled[] {
  if (ways.length === 0) return NOTHING_SETTLED;
  let nextPlain = 0;
  // There are either others that are settled in bulk, or singles.
  let next = ways.filter((way) => way === 'plain').length;
  return ways.map((way) => {
    const at = way === 'plain' ? nextPlain++ : next++;
    return SETTLED[Number(digits[at])] ?? 'stale';
  });
}

/**
 * @param flat id and envelope of each, from `from` on
 * @param tokens that of the first, where each is by one greater than the one before, or a list
 */
function decodeClaims(
  worker: string,
  flat: readonly unknown[],
  from: number,
  tokens: unknown,
  queues: readonly string[] = [],
): { claimed: ClaimedJob[]; damaged: ClaimedJob[] } {
  const claimed: ClaimedJob[] = [];
  const damaged: ClaimedJob[] = [];
  // Microseconds since the epoch, or some more: a whole number for some centuries. A single one stays a text.
  const first = Array.isArray(tokens) || flat.length - from <= 2 ? 0 : numberOf(tokens);
  for (let at = from; at < flat.length; at += 2) {
    const id = textOf(flat[at]);
    const nth = (at - from) / 2;
    const token = Array.isArray(tokens) ? textOf(tokens[nth]) : nth === 0 ? textOf(tokens) : String(first + nth);
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

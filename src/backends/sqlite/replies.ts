import type { ExchangeReply, ExchangeRequest, Settled } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import type { Books } from './books.ts';
import { toToken } from './numbers.ts';
import { toJob } from './rows.ts';
import { calls, questions } from './statements.ts';

/** Does a call once; a repeat gets the first one's reply. */
export function once<Reply>(books: Books, call: Call, step: () => Reply): Reply {
  // The reply is of the type that its method gives: a client uses a sequence number for one method only.
  const kept = find(books, call) as { readonly reply: Reply } | undefined;
  if (kept !== undefined) return kept.reply;
  const reply = step();
  keep(books, call, reply);
  return reply;
}

/**
 * The same for an exchange. What it claimed is in the books already, and is not written once more: a repeat gets as much of
 * it as the worker still owns.
 */
export function onceClaimed(
  books: Books,
  call: Call,
  { worker }: ExchangeRequest,
  step: () => ExchangeReply,
): ExchangeReply {
  const kept = find(books, call, worker) as { readonly reply: KeptExchange } | undefined;
  if (kept !== undefined) {
    const { tokens, settled, ...reply } = kept.reply;
    return {
      ...reply,
      settled: typeof settled === 'number' ? Array.from({ length: settled }, () => 'settled') : settled,
      claimed: allOf(tokens).flatMap((token) => claimedBy(books, worker, token)),
      now: books.now,
    };
  }
  const reply = step();
  const { settled, claimed, ...others } = reply;
  const areAllSettled = settled.every((one) => one === 'settled');
  const short = { settled: areAllSettled ? settled.length : settled, tokens: shortOf(claimed) };
  keep(books, call, { ...others, ...short } satisfies KeptExchange);
  return reply;
}

/** An exchange's reply as it is kept: in as few words as most of them allow, since nearly none is ever asked for. */
interface KeptExchange extends Omit<ExchangeReply, 'settled' | 'claimed'> {
  /** How many, where all were settled. */
  readonly settled: readonly Settled[] | number;
  readonly tokens: Tokens;
}

/** The tokens of some claims; or the first of them and how many there are, where each is the next after the one before. */
type Tokens = readonly string[] | { readonly first: number; readonly count: number };

function shortOf(claimed: readonly ClaimedJob[]): Tokens {
  const first = Number(claimed[0]?.token);
  const areInRow = claimed.every(({ token }, index) => Number(token) === first + index);
  return areInRow && claimed.length > 1 ? { first, count: claimed.length } : claimed.map(({ token }) => token);
}

function allOf(tokens: Tokens): readonly string[] {
  if (!('first' in tokens)) return tokens;
  return Array.from({ length: tokens.count }, (_, index) => String(tokens.first + index));
}

function claimedBy({ connection }: Books, worker: string, token: string): ClaimedJob[] {
  const row = connection.get(questions.claimedBy, worker, toToken(token));
  const job = row === undefined ? 'it went elsewhere' : toJob(row);
  return typeof job === 'string' ? [] : [{ ...job, worker, token }];
}

function find({ glance }: Books, call: Call, worker?: string): { readonly reply: unknown } | undefined {
  glance.of(worker === undefined ? { call } : { call, worker });
  return glance.reply === null ? undefined : { reply: JSON.parse(glance.reply) };
}

function keep({ connection, now }: Books, { client, sequence, floor }: Call, reply: unknown): void {
  connection.run(calls.keep, client, sequence, now, JSON.stringify(reply));
  connection.run(calls.dropAnswered, client, floor);
}

import type { ExchangeReply, ExchangeRequest } from '../../contract/backend.ts';
import type { Books } from './books.ts';
import { claim } from './claiming.ts';
import { grantAll, hasUngranted, resumed } from './granting.ts';
import { integer } from './rows.ts';
import { settleAll, type Way } from './settling.ts';
import { questions } from './statements.ts';

/** Settles, then grants the places that came free, then claims. */
export function exchange(books: Books, request: ExchangeRequest, way: Way): ExchangeReply {
  const left = resumed(books);
  const { settled, freed, moves: buried } = settleAll(books, request, way);
  const moves = [...buried, ...grantAll(books, [...left, ...freed])];
  if (!books.glance.isRegistered) {
    return {
      lost: true,
      settled,
      claimed: [],
      moves,
      more: false,
      owned: owned(books, request.worker),
      now: books.now,
    };
  }
  const nothing = { claimed: [], moves: [], more: false };
  const claims = request.claim === undefined ? nothing : claim(books, request.worker, request.claim);
  return {
    lost: false,
    settled,
    claimed: claims.claimed,
    moves: [...moves, ...claims.moves],
    more: claims.more || hasUngranted(books),
    owned: owned(books, request.worker),
    now: books.now,
  };
}

function owned({ connection }: Books, worker: string): number {
  return integer(connection.get(questions.owns, worker)?.owns);
}

import type { ExchangeReply, ExchangeRequest } from '../../contract/backend.ts';
import type { Books } from './books.ts';
import { claim } from './claiming.ts';
import { grantAll, hasUngranted, resumed } from './granting.ts';
import { settleAll } from './settling.ts';
import { workers } from './statements.ts';

/** Settles, then grants the places that came free, then claims. */
export function exchange(books: Books, request: ExchangeRequest): ExchangeReply {
  const left = resumed(books);
  const { settled, freed, moves: buried } = settleAll(books, request.settlements);
  const moves = [...buried, ...grantAll(books, [...left, ...freed])];
  if (books.connection.get(workers.has, request.worker) === undefined) {
    return { lost: true, settled, claimed: [], moves, more: false };
  }
  if (request.claim === undefined) return { lost: false, settled, claimed: [], moves, more: hasUngranted(books) };
  const { claimed, moves: caused, more } = claim(books, request.worker, request.claim);
  return { lost: false, settled, claimed, moves: [...moves, ...caused], more: more || hasUngranted(books) };
}

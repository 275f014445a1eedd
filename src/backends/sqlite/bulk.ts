import type { BulkBackend, BulkCancelReply, Page } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import { fits, type JobFilter } from '../../core/filter.ts';
import type { Connection } from './connection.ts';
import type { Desk } from './desk.ts';
import { cancel } from './locking.ts';
import { once } from './replies.ts';
import { integer, parseExtras, parseLocks, text } from './rows.ts';
import { bulk } from './statements.ts';

/**
 * Many jobs at once. A walk through them goes by their sequence; its cursor says as well where it ends, since others may
 * enqueue as fast as it goes on.
 */
export class SqliteBulk implements BulkBackend {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  browse(filter: JobFilter, cursor: string | null, limit: number): Promise<Page> {
    return this.#desk.read((connection) => {
      const [after = 0, end = newest(connection)] = cursor?.split('-').map(Number) ?? [];
      const rows = connection.all(bulk.next, after, end, limit);
      const last = rows.at(-1);
      // The filter is not SQLite's, which would go on looking until it had as many as fit.
      const ids = rows
        .filter(({ type, queue, locks, extras }) => {
          const job = { type: text(type), queue: text(queue), extras: parseExtras(extras) };
          return fits(filter, { ...job, locks: parseLocks(locks) ?? null });
        })
        .map(({ id }) => text(id));
      const isEnd = last === undefined || rows.length < limit || integer(last.sequence) === end;
      return { ids, cursor: isEnd ? null : `${integer(last.sequence)}-${end}` };
    });
  }

  cancel(call: Call, ids: readonly string[]): Promise<BulkCancelReply> {
    return this.#desk.write((books) =>
      once(books, call, () => {
        const replies = ids.map((id) => cancel(books, id));
        return { results: replies.map(({ result }) => result), moves: replies.flatMap(({ moves }) => moves) };
      }),
    );
  }
}

function newest(connection: Connection): number {
  return integer(connection.get(bulk.newest)?.sequence ?? 0);
}

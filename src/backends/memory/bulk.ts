import type { BulkBackend, BulkCancelReply, Page } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import { fits, type JobFilter } from '../../core/filter.ts';
import type { Desk } from './desk.ts';
import { cancel } from './locking.ts';

/** Many jobs at once. A cursor is the sequence of the last job that was looked at, and of the last of all. */
export class MemoryBulk implements BulkBackend {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async browse(filter: JobFilter, cursor: string | null, limit: number): Promise<Page> {
    this.#desk.open();
    const jobs = [...this.#desk.books.jobs.values()].map(({ job }) => job).sort((a, b) => a.sequence - b.sequence);
    const [after = 0, end = jobs.at(-1)?.sequence ?? 0] = cursor?.split('-').map(Number) ?? [];
    const looked = jobs.filter(({ sequence }) => sequence > after && sequence <= end).slice(0, limit);
    const last = looked.at(-1)?.sequence ?? end;
    const ids = looked.filter((job) => fits(filter, job)).map(({ id }) => id);
    return { ids, cursor: last < end ? `${last}-${end}` : null };
  }

  async cancel(call: Call, ids: readonly string[]): Promise<BulkCancelReply> {
    return this.#desk.once(call, () => {
      const replies = ids.map((id) => cancel(this.#desk, id));
      return { results: replies.map(({ result }) => result), moves: replies.flatMap(({ moves }) => moves) };
    });
  }
}

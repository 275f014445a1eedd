// Many jobs at once: those that fit a filter, in steps of bounded size.
import type { JobFilter } from '../core/filter.ts';
import type { Call } from './call.ts';
import type { Move } from './move.ts';
import type { CancelReply } from './operate.ts';

/** Some of the jobs that were looked for. */
export interface Page {
  readonly ids: readonly string[];
  /** Where to go on; null at the end. */
  readonly cursor: string | null;
}

export interface BulkCancelReply {
  /** For each id, as a `cancel` of it alone. */
  readonly results: readonly CancelReply['result'][];
  readonly moves: readonly Move[];
}

export interface BulkBackend {
  /**
   * Looks at some `limit` jobs, in whatever state, and gives the ids of those that fit. Begins without a cursor, and goes on
   * with that of the page before. A page may be empty and not the last. Each job that was in the books when the first page was
   * asked for, and still is, is in one page at least; one that came later may be in one or not. Changes nothing, and ends
   * however many jobs come meanwhile.
   */
  browse(filter: JobFilter, cursor: string | null, limit: number): Promise<Page>;
  /** Cancels each of these jobs as `cancel` does, in one step; whoever calls sees to it that they are not too many. */
  cancel(call: Call, ids: readonly string[]): Promise<BulkCancelReply>;
}

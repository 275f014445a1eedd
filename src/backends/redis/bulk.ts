import type { BulkBackend, BulkCancelReply, CancelReply, Page } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import { fits, type JobFilter } from '../../core/filter.ts';
import { decodeLine, decodeMoves } from './codec.ts';
import { callArgs, type Desk } from './desk.ts';
import { arrayOf, textOf, textsOf } from './replies.ts';

/** How much of an envelope is read first: mostly its line, and little of its payload. */
const HEAD = 511;

/** By the digit that the script gives. */
const RESULTS = ['unknown', 'cancelled', 'asked', 'failed', 'completed'] as const;

/** Many jobs at once. They are found by a walk through the server's keys, which blocks nobody; its cursor is the server's. */
export class RedisBulk implements BulkBackend {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async browse(filter: JobFilter, cursor: string | null, limit: number): Promise<Page> {
    const root = this.#desk.keys.of('job', '');
    const pattern = `${root.replace(/[\\*?[\]]/g, '\\$&')}*`;
    const [next, keys] = await this.#desk.do((client) => client.scan(cursor ?? '0', 'MATCH', pattern, 'COUNT', limit));
    const ids = keys.map((key) => key.slice(root.length));
    const doFit = await Promise.all(ids.map((id) => this.#fits(filter, id)));
    return { ids: ids.filter((_, at) => doFit[at]), cursor: next === '0' ? null : next };
  }

  /** What cannot be read fits nothing: whoever claims it buries it. */
  async #fits(filter: JobFilter, id: string): Promise<boolean> {
    const key = this.#desk.keys.of('job', id);
    const head = await this.#desk.do((client) => client.getrange(key, 0, HEAD));
    const value = head.includes('\n') ? head : await this.#desk.do((client) => client.get(key));
    if (value === null) return false;
    try {
      return fits(filter, decodeLine(id, value));
    } catch {
      return false;
    }
  }

  async cancel(call: Call, ids: readonly string[]): Promise<BulkCancelReply> {
    const reply = await this.#desk.run('cancel', ...callArgs(call), this.#desk.grantTimeout, ...ids);
    const [digits, moves] = arrayOf(reply);
    const results = Array.from(textOf(digits), (digit): CancelReply['result'] => RESULTS[Number(digit)] ?? 'unknown');
    return { results, moves: decodeMoves(textsOf(moves)) };
  }
}

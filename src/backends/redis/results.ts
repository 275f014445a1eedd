import {
  type JobStanding,
  type JobView,
  MOST_WATCHES,
  type Report,
  type ResultStore,
  type Watch,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import { decodeEnvelope, decodeFailure, decodeState } from './codec.ts';
import { callArgs, type Desk } from './desk.ts';
import { textOf, textsOf } from './replies.ts';

/** How far jobs are and what they gave. A watcher blocks on a token of its own, however many jobs it watches. */
export class RedisResults implements ResultStore {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async report(call: Call, reports: readonly Report[]): Promise<readonly ('kept' | 'stale')[]> {
    const args = reports.flatMap(({ job: { id, token, worker }, progress }) => [id, token, worker, progress]);
    const reply = textOf(await this.#desk.run('report', ...callArgs(call), reports.length, ...args));
    return Array.from(reply, (digit) => (digit === '1' ? 'kept' : 'stale'));
  }

  async watch(watcher: string, watches: readonly Watch[]): Promise<readonly (JobStanding | null)[]> {
    if (watches.length === 0) return [];
    const args = watches.flatMap(({ id, every }) => [id, every ? '+' : '-']);
    const flat = textsOf(await this.#desk.run('watch', watcher, ...args));
    return watches.map((_, index) => decodeStanding(flat.slice(4 * index, 4 * index + 4)));
  }

  async unwatch(watcher: string, ids: readonly string[]): Promise<void> {
    await this.#desk.run('unwatch', watcher, ...ids);
  }

  async news(
    watcher: string,
    { timeout, signal }: { timeout: number; signal?: AbortSignal },
  ): Promise<readonly string[]> {
    const { keys, waiting } = this.#desk;
    const look = (): Promise<string[]> =>
      this.#desk.do((client) => client.srandmember(keys.of('news', watcher), MOST_WATCHES));
    const now = await look();
    if (now.length > 0) return now;
    const wake = await waiting.waitFor([keys.of('told', watcher)], timeout, signal);
    return wake === 'aborted' ? [] : look();
  }

  async ended(id: string): Promise<JobView | null> {
    const { keys } = this.#desk;
    const [[state = null, value = null, progress = null], isThere] = await Promise.all([
      this.#desk.do((client) => client.hmget(keys.of('ended', id), 'state', 'job', 'progress')),
      this.#desk.do((client) => client.exists(keys.of('job', id))),
    ]);
    if (state === null || value === null || isThere === 1) return null;
    const view = { job: decodeEnvelope(id, value), state: decodeState(state), failures: [] };
    return progress === null || progress === '' ? view : { ...view, progress };
  }
}

function decodeStanding([state = '', progress = '', result = '', failure = '']: readonly string[]): JobStanding | null {
  if (state === '') return null;
  return {
    state: decodeState(state),
    ...(progress !== '' && { progress }),
    ...(result !== '' && { result }),
    ...(failure !== '' && { failure: decodeFailure(failure) }),
  };
}

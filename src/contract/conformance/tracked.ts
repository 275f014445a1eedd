import type { NewJob } from '../../core/envelope.ts';
import type { Outcome } from '../../core/outcome.ts';
import { type State, TRANSITIONS, type Transition } from '../../core/states.ts';
import type { Backend, EnqueueReply, ExchangeReply, ExchangeRequest, Move } from '../backend.ts';
import { observedSchedules } from '../observed-schedules.ts';

/** One row of the table, by name: `waiting → held: held`. */
export type Row = NameOf<(typeof TRANSITIONS)[number]>;

type NameOf<R> = R extends Transition ? `${R['from']} → ${R['to']}: ${R['event']}` : never;

const GONE: readonly State[] = ['completed', 'cancelled', 'dead', 'discarded'];

/**
 * What happened to each job, by what a backend reports: the state that each job must be in by now. An event that the table
 * has no transition for is an error, and so is a job that is found in another state than its events lead to.
 */
export class TransitionLog {
  readonly seen = new Set<string>();
  readonly #states = new Map<string, State>();
  readonly #needsLock = new Map<string, boolean>();

  knows(id: string): boolean {
    return this.#states.has(id);
  }

  knowLocks(id: string, locks: NewJob['locks']): void {
    this.#needsLock.set(id, (locks ?? []).length > 0);
  }

  /** @param isKept a job that completed stays in the books */
  record(event: string, id: string, isKept = false): void {
    const from = this.#states.get(id) ?? 'new';
    const rows = TRANSITIONS.filter((row) => row.from === from && row.event === event);
    // Released and reclaimed jobs queue up for their locks, or go straight to the front where they need none.
    const row = rows.find(({ to }) => rows.length === 1 || (to === 'held') === this.#needsLock.get(id));
    if (row === undefined) throw new Error(`job ${id} is ${from}, and nothing may be '${event}' there`);
    this.seen.add(`${row.from} → ${row.to}: ${row.event}`);
    if (GONE.includes(row.to) && !isKept) this.#states.delete(id);
    else this.#states.set(id, row.to);
  }

  recordMoves(moves: readonly Move[]): void {
    for (const { event, id } of moves) this.record(event, id);
  }

  /** Compares with what the backend says of each job. */
  async check(backend: Backend): Promise<void> {
    for (const [id, state] of this.#states) {
      const view = await backend.find(id);
      if (view?.state !== state) {
        throw new Error(`job ${id} is ${view?.state ?? 'gone'}, and what was reported of it leads to ${state}`);
      }
    }
  }
}

/** The event of a settlement. */
function eventOf({ kind }: Outcome): string {
  return kind === 'retry' ? 'retrying' : kind;
}

function isKept(outcome: Outcome): boolean {
  return outcome.kind === 'completed' && outcome.keep !== undefined;
}

/** The same backend, with everything that it reports written down in `log`. */
export function tracked(backend: Backend, log: TransitionLog): Backend {
  const swept = async <Reply extends { readonly moves: readonly Move[] }>(step: Promise<Reply>): Promise<Reply> => {
    const reply = await step;
    log.recordMoves(reply.moves);
    return reply;
  };
  const acted = async <Result extends string>(ids: readonly string[], act: Promise<readonly Result[]>) => {
    const results = await act;
    for (const [index, id] of ids.entries()) {
      const result = results[index];
      if (result === 'retried' || result === 'discarded') log.record(result, id);
    }
    return results;
  };
  const recordEnqueued = async (jobs: readonly NewJob[], { results, moves }: EnqueueReply): Promise<void> => {
    for (const [index, { id, locks }] of jobs.entries()) {
      const result = results[index];
      if (typeof result === 'object' && result.outcome === 'replaced') log.record('cancelled', result.id);
      else if (result !== 'enqueued') continue;
      log.knowLocks(id, locks);
      log.record((await backend.find(id))?.state === 'scheduled' ? 'scheduled' : 'enqueued', id);
    }
    log.recordMoves(moves);
  };
  const recordExchanged = ({ settlements }: ExchangeRequest, reply: ExchangeReply): ExchangeReply => {
    for (const [index, { job, outcome }] of settlements.entries()) {
      if (reply.settled[index] === 'settled') log.record(eventOf(outcome), job.id, isKept(outcome));
      if (reply.settled[index] === 'cancelled') log.record('cancelled', job.id);
    }
    log.recordMoves(reply.moves);
    for (const { id, locks } of reply.claimed) {
      if (!log.knows(id)) log.record('enqueued', id);
      log.knowLocks(id, locks);
      log.record('claimed', id);
    }
    return reply;
  };
  const watching: Partial<Backend> = {
    enqueue: async (call, jobs) => {
      const reply = await backend.enqueue(call, jobs);
      await recordEnqueued(jobs, reply);
      return reply;
    },
    exchange: async (call, request) => recordExchanged(request, await backend.exchange(call, request)),
    exchangeWhenWoken: async (call, request, options) =>
      recordExchanged(request, await backend.exchangeWhenWoken(call, request, options)),
    lock: async (call, job, locks) => {
      const reply = await backend.lock(call, job, locks);
      if (locks !== undefined && reply.state !== 'stale') log.knowLocks(job.id, locks);
      log.recordMoves(reply.moves);
      return reply;
    },
    unlock: (call, job) => swept(backend.unlock(call, job)),
    reclaim: (limit) => swept(backend.reclaim(limit)),
    relinquish: (call, worker, known, limit) => swept(backend.relinquish(call, worker, known, limit)),
    promote: (limit) => swept(backend.promote(limit)),
    passGrants: (limit) => swept(backend.passGrants(limit)),
    unpark: (types, limit) => swept(backend.unpark(types, limit)),
    expire: (failed, limit) => swept(backend.expire(failed, limit)),
    retryFailed: (call, ids) => acted(ids, backend.retryFailed(call, ids)),
    discard: (call, ids) => acted(ids, backend.discard(call, ids)),
    schedules: observedSchedules(backend.schedules, (job, reply) => recordEnqueued([job], reply)),
    cancel: async (call, id) => {
      const reply = await backend.cancel(call, id);
      if (reply.result === 'cancelled') log.record('cancelled', id);
      log.recordMoves(reply.moves);
      return reply;
    },
  };
  const bulk: Backend['bulk'] = {
    browse: (filter, cursor, limit) => backend.bulk.browse(filter, cursor, limit),
    cancel: async (call, ids) => {
      const reply = await backend.bulk.cancel(call, ids);
      // One may have been granted the place of another before its own turn to be cancelled came.
      log.recordMoves(reply.moves);
      for (const [index, id] of ids.entries()) if (reply.results[index] === 'cancelled') log.record('cancelled', id);
      return reply;
    },
  };
  return new Proxy(backend, {
    get(target, name) {
      if (name === 'bulk') return bulk;
      const watched: unknown = Reflect.get(watching, name);
      if (watched !== undefined) return watched;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

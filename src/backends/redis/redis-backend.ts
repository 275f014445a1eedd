import {
  type Backend,
  type CancelReply,
  CLAIM_BUDGET,
  type Counters,
  type DeadLetter,
  type ExchangeReply,
  type ExchangeRequest,
  type JobView,
  type Listing,
  type LockReply,
  type Move,
  PASS_BUDGET,
  type PromoteReply,
  type Settlement,
  type Stats,
  type SweepReply,
  type UnlockReply,
  type Wake,
} from '../../contract/backend.ts';
import { type Call, Caller } from '../../contract/call.ts';
import type { ClaimedJob, NewJob, StoredJob } from '../../core/envelope.ts';
import { messageOf, WingmanError } from '../../core/errors.ts';
import type { Lock } from '../../core/lock.ts';
import type { Clock } from '../../runtime/clock.ts';
import { newName } from '../../runtime/identity.ts';
import { decodeEnvelope, decodeMoves, encodeLocks, encodeSettlement, encodeStart, isPlain } from './codec.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { Reads } from './reads.ts';
import { arrayOf, numberOf, textOf, textsOf } from './replies.ts';
import type { ScriptName } from './scripts.ts';
import { Waiting } from './waiting.ts';

export interface RedisSettings {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly maxPayload: number;
  /** How long a grant is kept before it may pass to another queue, in milliseconds. */
  readonly grantTimeout: number;
}

/** The contract on Redis: each method that changes something is one script, and so one atomic step. */
export class RedisBackend implements Backend {
  readonly kind = 'redis';
  readonly location: string;
  readonly maxPayload: number;
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #grantTimeout: number;
  readonly #reads: Reads;
  readonly #waiting: Waiting;
  /** For the calls that this backend makes on its own: burying what its scripts did not see to be damaged. */
  readonly #caller = new Caller(newName());
  #isClosed = false;

  constructor({ connection, keys, clock, maxPayload, grantTimeout }: RedisSettings) {
    this.#connection = connection;
    this.#keys = keys;
    this.#grantTimeout = grantTimeout;
    this.#reads = new Reads(connection, keys);
    this.#waiting = new Waiting(connection, keys, clock);
    this.location = connection.location;
    this.maxPayload = maxPayload;
  }

  async enqueue(call: Call, jobs: readonly NewJob[]): Promise<readonly ('enqueued' | 'duplicate')[]> {
    const args = jobs.flatMap((job) => [job.id, job.queue, encodeDue(job), encodeStart(job), job.payload]);
    const reply = textOf(await this.#run('enqueue', ...callArgs(call), jobs.length, ...args));
    return Array.from(reply, (digit) => (digit === '1' ? 'enqueued' : 'duplicate'));
  }

  async exchange(call: Call, request: ExchangeRequest): Promise<ExchangeReply> {
    const { worker, settlements, claim } = request;
    const plain: string[] = [];
    const others: unknown[] = [];
    const isInBulk = bulk(request);
    for (const settlement of settlements) {
      if (isInBulk(settlement)) plain.push(settlement.job.id, settlement.job.token);
      else others.push(encodeSettlement(settlement));
    }
    const { queues = [], count = 0, locks = 'take' } = claim ?? {};
    const reply = await this.#run(
      'exchange',
      ...callArgs(call),
      worker,
      this.#grantTimeout,
      count,
      locks,
      CLAIM_BUDGET,
      queues.length,
      ...queues,
      plain.length / 2,
      ...plain,
      others.length === 0 ? '' : JSON.stringify(others),
    );
    const [lost, digits, flat, moves, more] = arrayOf(reply);
    const { claimed, damaged } = decodeClaims(worker, textsOf(flat), queues);
    return {
      lost: lost === 1,
      settled: sortSettled(textOf(digits), settlements.map(isInBulk)),
      claimed,
      moves: [...decodeMoves(textsOf(moves)), ...(await this.#bury(worker, damaged))],
      more: more === 1,
    };
  }

  /** Moves claims whose envelope cannot be read to the dead letters. */
  async #bury(worker: string, damaged: readonly ClaimedJob[]): Promise<Move[]> {
    if (damaged.length === 0) return [];
    const reason = 'its stored envelope is damaged';
    const settlements = damaged.map((job) => ({ job, outcome: { kind: 'dead', reason } as const }));
    const { moves } = await this.#caller.call((call) => this.exchange(call, { worker, settlements }));
    const buried = damaged.map(({ id, queue }) => ({ event: 'dead', id, queue, detail: reason }) as const);
    return [...buried, ...moves];
  }

  async lock(call: Call, job: ClaimedJob, locks?: readonly Lock[]): Promise<LockReply> {
    const given = locks === undefined ? '' : JSON.stringify(locks.length === 0 ? [] : encodeLocks(locks));
    const args = [...callArgs(call), job.worker, this.#grantTimeout, job.id, job.token, given];
    const [state, moves] = arrayOf(await this.#run('lock', ...args));
    return { state: lockState(textOf(state)), moves: decodeMoves(textsOf(moves)) };
  }

  async unlock(call: Call, job: ClaimedJob): Promise<UnlockReply> {
    const args = [...callArgs(call), job.worker, this.#grantTimeout, job.id, job.token];
    const [freed, moves] = arrayOf(await this.#run('unlock', ...args));
    return { freed: numberOf(freed), moves: decodeMoves(textsOf(moves)) };
  }

  async register(worker: string, lease: number): Promise<void> {
    await this.#run('register', worker, lease);
  }

  async renew(worker: string, lease: number): Promise<boolean> {
    return (await this.#run('renew', worker, lease)) === 1;
  }

  async retire(worker: string): Promise<void> {
    await this.#run('retire', worker);
  }

  async reclaim(limit: number): Promise<SweepReply> {
    return sweepReply(await this.#run('reclaim', this.#grantTimeout, limit));
  }

  async promote(limit: number): Promise<PromoteReply> {
    const reply = await this.#run('promote', limit);
    const next = numberOf(arrayOf(reply)[2]);
    return { ...sweepReply(reply), next: next < 0 ? null : next };
  }

  async passGrants(limit: number): Promise<SweepReply> {
    return sweepReply(await this.#run('pass-grants', this.#grantTimeout, limit, PASS_BUDGET));
  }

  async unpark(types: readonly string[], limit: number): Promise<SweepReply> {
    return sweepReply(await this.#run('unpark', limit, ...types));
  }

  async cancel(id: string): Promise<CancelReply> {
    const [result, moves] = arrayOf(await this.#run('cancel', this.#grantTimeout, id));
    return { result: cancelResult(textOf(result)), moves: decodeMoves(textsOf(moves)) };
  }

  async increment(call: Call, counter: keyof Counters, by: number): Promise<void> {
    await this.#run('increment', ...callArgs(call), counter, by);
  }

  async find(id: string): Promise<JobView | null> {
    this.#assertOpen();
    return this.#reads.find(id);
  }

  async peek(queue: string): Promise<StoredJob | null> {
    this.#assertOpen();
    return this.#reads.peek(queue);
  }

  async size(queue: string): Promise<number> {
    this.#assertOpen();
    return this.#reads.size(queue);
  }

  async list(listing: Listing, offset: number, limit: number): Promise<readonly string[]> {
    this.#assertOpen();
    return this.#reads.list(listing, offset, limit);
  }

  async holders(key: string): Promise<readonly { readonly id: string; readonly token: string | null }[]> {
    this.#assertOpen();
    return this.#reads.holders(key);
  }

  async deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]> {
    this.#assertOpen();
    return this.#reads.deadLetters(offset, limit);
  }

  async stats(): Promise<Stats> {
    this.#assertOpen();
    return this.#reads.stats();
  }

  async now(): Promise<number> {
    this.#assertOpen();
    return this.#reads.now();
  }

  async wait(queues: readonly string[], options: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    this.#assertOpen();
    return this.#waiting.wait(queues, options.timeout, options.signal);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.close();
    this.#connection.client.disconnect();
  }

  async #run(name: ScriptName, ...args: readonly (string | number)[]): Promise<unknown> {
    this.#assertOpen();
    return this.#connection.run(name, this.#keys.the('sequence'), [this.#keys.root, ...args]);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new WingmanError('WINGMAN_BACKEND_CLOSED', `the backend ${this.location} is closed`);
  }
}

function callArgs({ client, sequence, floor }: Call): readonly [string, number, number] {
  return [client, sequence, floor];
}

function encodeDue({ due }: NewJob): string {
  if (due === undefined) return '';
  return 'at' in due ? `at ${due.at}` : `in ${due.in}`;
}

/**
 * Which settlements are settled in bulk, before the others. None is where a job is named twice: then the order decides which
 * of the two is stale.
 */
function bulk({ settlements, worker }: ExchangeRequest): (settlement: Settlement) => boolean {
  const ids = new Set(settlements.map(({ job }) => job.id));
  return ids.size < settlements.length ? () => false : (settlement) => isPlain(settlement, worker);
}

/** The script settles those in bulk first; the reply is in the order of the request. */
function sortSettled(digits: string, isInBulk: readonly boolean[]): ('settled' | 'stale')[] {
  let nextInBulk = 0;
  let nextOther = isInBulk.filter(Boolean).length;
  return isInBulk.map((is) => {
    const at = is ? nextInBulk++ : nextOther++;
    return digits[at] === '1' ? 'settled' : 'stale';
  });
}

function decodeClaims(
  worker: string,
  flat: readonly string[],
  queues: readonly string[],
): { claimed: ClaimedJob[]; damaged: ClaimedJob[] } {
  const claimed: ClaimedJob[] = [];
  const damaged: ClaimedJob[] = [];
  for (let at = 0; at < flat.length; at += 3) {
    const [id = '', value = '', token = ''] = flat.slice(at, at + 3);
    try {
      claimed.push({ ...decodeEnvelope(id, value), worker, token });
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

function sweepReply(reply: unknown): SweepReply {
  const [moves, more] = arrayOf(reply);
  return { moves: decodeMoves(textsOf(moves)), more: more === 1 };
}

function lockState(state: string): LockReply['state'] {
  if (state === 'none' || state === 'locked' || state === 'held' || state === 'stale') return state;
  throw unknownReply(state);
}

function cancelResult(result: string): CancelReply['result'] {
  if (result === 'cancelled' || result === 'processing' || result === 'failed' || result === 'unknown') return result;
  throw unknownReply(result);
}

function unknownReply(reply: string): WingmanError {
  return new WingmanError('WINGMAN_BACKEND_FAILED', `a script gave an unknown reply: ${messageOf(reply)}`);
}

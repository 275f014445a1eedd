import type {
  Acted,
  Backend,
  Callee,
  CancelReply,
  CheckedIn,
  CheckIn,
  ControlBackend,
  Counters,
  DeadLetter,
  EnqueueReply,
  ExchangeReply,
  ExchangeRequest,
  Finding,
  JobView,
  Listing,
  LockReply,
  Move,
  PromoteReply,
  Reopen,
  Stats,
  SweepReply,
  Takes,
  UnlockReply,
  WaitOptions,
  Wake,
} from '../../contract/backend.ts';
import { type Call, Caller } from '../../contract/call.ts';
import type { ClaimedJob, NewJob, StoredJob } from '../../core/envelope.ts';
import { shown, WingmanError } from '../../core/errors.ts';
import type { Keep } from '../../core/keep.ts';
import type { StoredLock } from '../../core/lock.ts';
import { CRASHED } from '../../core/outcome.ts';
import { newName } from '../../runtime/identity.ts';
import { Announced } from './announced.ts';
import { RedisBulk } from './bulk.ts';
import { decodeCheckedIn, encodeCheckIn } from './checking-in.ts';
import { decodeMoves, encodeKeep, encodeLocks, encodeNew, encodeSimple, isSimple } from './codec.ts';
import { RedisControls } from './controls.ts';
import { callArgs, Desk, type DeskSettings } from './desk.ts';
import { diagnose } from './diagnosis.ts';
import { decodeExchange, type ExchangeOrder, encodeExchange } from './exchange.ts';
import { Reads } from './reads.ts';
import { arrayOf, numberOf, textOf, textsOf } from './replies.ts';
import { RedisResults } from './results.ts';
import { RedisSchedules } from './schedules.ts';
import { decodeEnqueued, encodeUniques, RedisUniqueKeys } from './uniqueness.ts';

export interface RedisSettings extends DeskSettings {
  readonly maxPayload: number;
  readonly reopen: Reopen | null;
}

/** The contract on Redis: each method that changes something is one script, and so one atomic step. */
export class RedisBackend implements Backend {
  readonly kind = 'redis';
  readonly location: string;
  readonly maxPayload: number;
  readonly overlaps = true;
  readonly controls: ControlBackend;
  readonly results: RedisResults;
  readonly schedules: RedisSchedules;
  readonly uniqueKeys: RedisUniqueKeys;
  readonly bulk: RedisBulk;
  /** Behind a getter, which no logger reads: it may hold a password. */
  readonly #reopen: Reopen | null;
  readonly #desk: Desk;
  readonly #reads: Reads;
  /** For the calls that this backend makes on its own: burying what its scripts did not see to be damaged. */
  readonly #caller = new Caller(newName());
  readonly #announced: Announced;

  constructor({ maxPayload, reopen, ...settings }: RedisSettings) {
    const { connection, keys } = settings;
    this.#reopen = reopen;
    this.#desk = new Desk(settings);
    this.#announced = new Announced(settings.clock, () => connection.epoch);
    this.schedules = new RedisSchedules(this.#desk);
    this.uniqueKeys = new RedisUniqueKeys(this.#desk);
    this.#reads = new Reads(connection, keys);
    this.controls = new RedisControls(this.#desk);
    this.bulk = new RedisBulk(this.#desk);
    this.results = new RedisResults(this.#desk);
    this.location = connection.location;
    this.maxPayload = maxPayload;
  }

  get reopen(): Reopen | null {
    return this.#reopen;
  }

  enqueue(call: Call, jobs: readonly NewJob[]): Promise<EnqueueReply> {
    // By number, and not by destructuring, which goes through an iterator.
    const only = jobs[0];
    const isAlone = only !== undefined && jobs.length === 1 && isSimple(only);
    return isAlone ? this.#enqueueSimple(call, only) : this.#enqueueAll(call, jobs);
  }

  async #enqueueAll(call: Call, jobs: readonly NewJob[]): Promise<EnqueueReply> {
    const words = [this.#desk.grantTimeout, jobs.length, encodeUniques(jobs), ...encodeNew(jobs)];
    return decodeEnqueued(await this.#desk.run('enqueue', ...callArgs(call), ...words));
  }

  #enqueueSimple(call: Call, job: NewJob): Promise<EnqueueReply> {
    const { queue } = job;
    const { epoch } = this.#desk.connection;
    const form = this.#announced.has(queue) ? 'one' : 'new';
    const words = [...callArgs(call), form, queue, encodeSimple(job), job.id, job.payload];
    return this.#desk.runReading('enqueue', words, (replied) => {
      const reply = decodeEnqueued(replied);
      if (form === 'new') this.#announced.add(queue, epoch);
      return reply;
    });
  }

  exchange(call: Call, request: ExchangeRequest): Promise<ExchangeReply> {
    const { words, ways } = encodeExchange(call, request, this.#desk.grantTimeout);
    return this.#desk.runReading('exchange', words, (replied) => this.#exchanged(replied, call, request, ways));
  }

  exchangeWhenWoken(call: Call, request: ExchangeRequest, options: WaitOptions): Promise<ExchangeReply> {
    const { words, ways } = encodeExchange(call, request, this.#desk.grantTimeout, true);
    const queues = request.claim?.queues ?? [];
    return this.#desk.standBy(queues, options, 'exchange', words, (followed) => {
      if (followed === null || followed === 'unreachable') return this.exchange(call, request);
      return this.#exchanged(followed.reply, call, request, ways);
    });
  }

  #exchanged(
    replied: unknown,
    call: Call,
    request: ExchangeRequest,
    ways: ExchangeOrder['ways'],
  ): ExchangeReply | Promise<ExchangeReply> {
    const exchanged = decodeExchange(replied, request, ways);
    if (exchanged === null) return this.exchange(call, request);
    const { reply, damaged } = exchanged;
    if (damaged.length === 0) return reply;
    return this.#bury(request.worker, damaged).then((buried) => ({ ...reply, moves: [...reply.moves, ...buried] }));
  }

  /** Moves claims whose envelope cannot be read to the dead letters. */
  async #bury(worker: string, damaged: readonly ClaimedJob[]): Promise<Move[]> {
    const reason = 'its stored envelope is damaged';
    const settlements = damaged.map((job) => ({ job, outcome: { kind: 'dead', reason } as const }));
    const { moves } = await this.#caller.call((call) => this.exchange(call, { worker, settlements }));
    const buried = damaged.map(({ id, queue }) => ({ event: 'dead', id, queue, detail: reason }) as const);
    return [...buried, ...moves];
  }

  async lock(call: Call, job: ClaimedJob, locks?: readonly StoredLock[]): Promise<LockReply> {
    const given = locks === undefined ? '' : JSON.stringify(locks.length === 0 ? [] : encodeLocks(locks));
    const args = [...callArgs(call), job.worker, this.#desk.grantTimeout, job.id, job.token, given];
    const [state, moves] = arrayOf(await this.#desk.run('lock', ...args));
    return { state: oneOf(state, 'none', 'locked', 'held', 'stale'), moves: decodeMoves(textsOf(moves)) };
  }

  async unlock(call: Call, job: ClaimedJob): Promise<UnlockReply> {
    const args = [...callArgs(call), job.worker, this.#desk.grantTimeout, job.id, job.token];
    const [freed, moves] = arrayOf(await this.#desk.run('unlock', ...args));
    return { freed: numberOf(freed), moves: decodeMoves(textsOf(moves)) };
  }

  async register(worker: string, lease: number, takes?: Takes): Promise<void> {
    await this.#desk.run('register', worker, lease, takes === undefined ? '' : JSON.stringify(takes));
  }

  async renew(worker: string, lease: number): Promise<boolean> {
    return (await this.#desk.run('renew', worker, lease)) === 1;
  }

  async retire(worker: string): Promise<void> {
    await this.#desk.run('retire', worker);
  }

  async relinquish(call: Call, worker: string, known: readonly string[], limit: number): Promise<SweepReply> {
    const args = [...callArgs(call), worker, this.#desk.grantTimeout, JSON.stringify(known), limit];
    return sweepReply(await this.#desk.run('relinquish', ...args));
  }

  async reclaim(limit: number): Promise<SweepReply> {
    return sweepReply(await this.#desk.run('reclaim', this.#desk.grantTimeout, limit, JSON.stringify(CRASHED)));
  }

  async promote(limit: number): Promise<PromoteReply> {
    const reply = await this.#desk.run('promote', limit, this.#desk.grantTimeout);
    const next = numberOf(arrayOf(reply)[2]);
    return { ...sweepReply(reply), next: next < 0 ? null : next };
  }

  async passGrants(limit: number): Promise<SweepReply> {
    return sweepReply(await this.#desk.run('pass-grants', this.#desk.grantTimeout, limit));
  }

  async unpark(types: readonly string[], limit: number): Promise<SweepReply> {
    return sweepReply(await this.#desk.run('unpark', limit, ...types));
  }

  async expire(failed: Keep, limit: number): Promise<SweepReply> {
    return sweepReply(await this.#desk.run('expire', limit, encodeKeep(failed)));
  }

  async checkIn(checkIn: CheckIn): Promise<CheckedIn> {
    return decodeCheckedIn(await this.#desk.run('check-in', ...encodeCheckIn(checkIn)));
  }

  async resign(candidate: string): Promise<void> {
    await this.#desk.run('resign', candidate);
  }

  async cancel(call: Call, id: string): Promise<CancelReply> {
    const { results, moves } = await this.bulk.cancel(call, [id]);
    return { result: results[0] ?? 'unknown', moves };
  }

  async retryFailed(call: Call, ids: readonly string[]): Promise<readonly Acted<'retried'>[]> {
    return digits(await this.#desk.run('retry-failed', ...callArgs(call), ...ids), 'retried');
  }

  async discard(call: Call, ids: readonly string[]): Promise<readonly Acted<'discarded'>[]> {
    return digits(await this.#desk.run('discard', ...callArgs(call), ...ids), 'discarded');
  }

  async increment(call: Call, counter: keyof Counters, by: number): Promise<void> {
    await this.#desk.run('increment', ...callArgs(call), counter, by);
  }

  async find(id: string): Promise<JobView | null> {
    this.#desk.assertOpen();
    return this.#reads.find(id);
  }

  async peek(queue: string): Promise<StoredJob | null> {
    this.#desk.assertOpen();
    return this.#reads.peek(queue);
  }

  async ahead(id: string, most: number): Promise<number | null> {
    const reply = await this.#desk.read('ahead', id, most);
    return reply === null ? null : numberOf(reply);
  }

  async size(queue: string): Promise<number> {
    this.#desk.assertOpen();
    return this.#reads.size(queue);
  }

  async list(listing: Listing, offset: number, limit: number): Promise<readonly string[]> {
    this.#desk.assertOpen();
    return this.#reads.list(listing, offset, limit);
  }

  async holders(key: string): Promise<readonly { readonly id: string; readonly token: string | null }[]> {
    this.#desk.assertOpen();
    return this.#reads.holders(key);
  }

  async deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]> {
    this.#desk.assertOpen();
    return this.#reads.deadLetters(offset, limit);
  }

  async stats(): Promise<Stats> {
    this.#desk.assertOpen();
    return this.#reads.stats();
  }

  async now(): Promise<number> {
    this.#desk.assertOpen();
    return this.#reads.now();
  }

  async waitForCall(
    { worker, leads }: Callee,
    { timeout, signal }: { timeout: number; signal?: AbortSignal },
  ): Promise<Wake> {
    this.#desk.assertOpen();
    const { keys, waiting } = this.#desk;
    const own = worker === null ? [] : [keys.of('control', worker)];
    return waiting.waitFor([keys.the(leads ? 'dueSooner' : 'vacant'), ...own], timeout, signal);
  }

  async wait(queues: readonly string[], options: WaitOptions): Promise<Wake> {
    this.#desk.assertOpen();
    return this.#desk.waiting.wait(queues, options);
  }

  async replicated(replicas: number, timeout: number): Promise<number> {
    this.#desk.assertOpen();
    return this.#desk.replication.replicated(replicas, timeout);
  }

  async diagnose(depth: 'full' | 'quick'): Promise<readonly Finding[]> {
    this.#desk.assertOpen();
    return diagnose(this.#desk.connection, this.#desk.keys, this.#desk.clock, depth);
  }

  async close(): Promise<void> {
    this.#desk.close();
  }
}

function digits<Done extends string>(reply: unknown, done: Done): Acted<Done>[] {
  return Array.from(textOf(reply), (digit) => (digit === '1' ? done : digit === '0' ? 'refused' : 'unknown'));
}

function sweepReply(reply: unknown): SweepReply {
  const [moves, more] = arrayOf(reply);
  return { moves: decodeMoves(textsOf(moves)), more: more === 1 };
}

/** A script's word, if it is one of those that it may give. */
function oneOf<Word extends string>(reply: unknown, ...words: readonly Word[]): Word {
  const found = words.find((word) => word === reply);
  if (found !== undefined) return found;
  throw new WingmanError('WINGMAN_BACKEND_FAILED', `a script gave an unknown reply: ${shown(reply)}`);
}

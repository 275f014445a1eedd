import type { Redis } from 'ioredis';
import type { Counters, DeadLetter, JobView, Listing, Stats, WorkerView } from '../../contract/backend.ts';
import { type ForeignEnvelope, isId, type StoredJob } from '../../core/envelope.ts';
import { checkType } from '../../core/job.ts';
import { decodeEnvelope, decodeFailure, decodeState } from './codec.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { arrayOf, numberOf, textOf, textsOf } from './replies.ts';
import type { ScriptName } from './scripts.ts';

const PEEK_STEP = 50;

/** Looks at the books, and changes nothing. */
export class Reads {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async find(id: string): Promise<JobView | null> {
    const reply = await this.#run('find', id);
    if (reply === null) return null;
    const [value, stateText, detail, second, failures, progress, result] = arrayOf(reply);
    const state = decodeState(textOf(stateText));
    const job = decodeEnvelope(id, textOf(value));
    const view = {
      ...{ job, state, failures: textsOf(failures).map(decodeFailure) },
      ...(progress !== '' && { progress: textOf(progress) }),
      ...(result !== '' && { result: textOf(result) }),
    };
    const fact = textOf(detail);
    switch (state) {
      case 'processing':
        return { ...view, owner: { worker: fact, token: textOf(second) } };
      case 'scheduled':
        return { ...view, due: Number(fact) };
      case 'failed':
        return { ...view, failedAt: Number(fact) };
      case 'completed':
        return { ...view, completedAt: Number(fact) };
      case 'parked':
        return { ...view, reason: fact };
      case 'held':
        return { ...view, heldFor: fact };
      default:
        return fact === '1' ? { ...view, granted: true } : view;
    }
  }

  async peek(queue: string): Promise<StoredJob | null> {
    // Cancelled jobs stay in the list until they come up, so the first that counts may not be the first there is.
    const passed = new Passed();
    for (let first = 0; ; first += PEEK_STEP) {
      const flat = textsOf(await this.#run('peek', queue, first, PEEK_STEP));
      if (flat.length === 0) return null;
      for (let at = 0; at < flat.length; at += 3) {
        const [entry = '', value = '', cancelled = '0'] = flat.slice(at, at + 3);
        const job = passed.isCancelled(entry, Number(cancelled)) ? null : toJob(queue, entry, value);
        if (job !== null) return job;
      }
    }
  }

  async size(queue: string): Promise<number> {
    const [listed, granted, prioritized, cancelled] = await Promise.all([
      this.#do((client) => client.llen(this.#keys.of('queue', queue))),
      this.#do((client) => client.zcard(this.#keys.of('granted', queue))),
      this.#do((client) => client.zcard(this.#keys.of('priority', queue))),
      this.#do((client) => client.hget(this.#keys.the('cancelledTotal'), queue)),
    ]);
    return listed + granted + prioritized - numberOf(cancelled ?? 0);
  }

  async list(listing: Listing, offset: number, limit: number): Promise<readonly string[]> {
    const last = String(offset + limit - 1);
    const keys = this.#keys;
    const range = (key: string): Promise<string[]> => this.#do((client) => client.zrange(key, offset, last));
    switch (listing.state) {
      case 'waiting':
        return this.#listWaiting(listing.queue, offset, limit);
      case 'held':
        return range(keys.of('held', listing.key));
      case 'parked':
        return range(keys.of('parkedType', listing.type));
      case 'completed':
        return range(keys.of('completed', listing.type));
      case 'scheduled':
      case 'failed':
        return range(keys.the(listing.state));
      case 'processing': {
        const owned = await this.#do((client) => client.hgetall(keys.of('processing', listing.worker)));
        const sorted = Object.entries(owned).sort(([, a], [, b]) => Number(a) - Number(b));
        return sorted.slice(offset, offset + limit).map(([id]) => id);
      }
    }
  }

  /** In steps, since cancelled jobs in the list do not count. */
  async #listWaiting(queue: string, offset: number, limit: number): Promise<string[]> {
    const granted = await this.#do((client) => client.zrange(this.#keys.of('granted', queue), 0, '-1'));
    const ids = [...granted, ...(await this.#prioritized(queue, 'above', offset + limit))].slice(0, offset + limit);
    const passed = new Passed();
    for (let first = 0; ids.length < offset + limit; first += PEEK_STEP) {
      const last = first + PEEK_STEP - 1;
      const entries = await this.#do((client) => client.lrange(this.#keys.of('queue', queue), first, last));
      if (entries.length === 0) break;
      const cancelled = await this.#do((client) => client.hmget(this.#keys.of('cancelled', queue), ...entries));
      entries.forEach((entry, at) => {
        if (passed.isCancelled(entry, Number(cancelled[at] ?? 0))) return;
        const id = entry.startsWith('{') ? toJob(queue, entry, '')?.id : entry;
        if (id !== undefined) ids.push(id);
      });
    }
    const left = offset + limit - ids.length;
    if (left > 0) ids.push(...(await this.#prioritized(queue, 'below', left)));
    return ids.slice(offset, offset + limit);
  }

  /** The ids of jobs of a priority above that of the list, or below it, in their order. */
  #prioritized(queue: string, side: 'above' | 'below', most: number): Promise<string[]> {
    const [from, to] = side === 'above' ? (['-inf', '0'] as const) : (['(0', '+inf'] as const);
    return this.#do((client) => client.zrange(this.#keys.of('priority', queue), from, to, 'BYSCORE', 'LIMIT', 0, most));
  }

  async holders(key: string): Promise<readonly { readonly id: string; readonly token: string | null }[]> {
    const holders = await this.#do((client) => client.hgetall(this.#keys.of('lock', key)));
    return Object.entries(holders)
      .map(([id, token]) => ({ id, token: token === '' ? null : token }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]> {
    const last = offset + limit - 1;
    const letters = await this.#do((client) => client.lrangeBuffer(this.#keys.the('dead'), offset, last));
    return letters.map((letter) => {
      const end = letter.indexOf('\n');
      const [queue, reason, at] = arrayOf(JSON.parse(letter.toString('utf8', 0, end)));
      return { queue: textOf(queue), reason: textOf(reason), at: numberOf(at), raw: letter.subarray(end + 1) };
    });
  }

  async stats(): Promise<Stats> {
    const reply = arrayOf(await this.#run('stats'));
    const [queues, workers, scheduled, failed, completed, parked, dead, successful, failedInAll] = reply;
    const counters: Counters = { successful: numberOf(successful), failed: numberOf(failedInAll) };
    return {
      queues: triples(queues).map(([queue, waiting, held]) => ({ queue, waiting, held })),
      workers: workersIn(workers),
      scheduled: numberOf(scheduled),
      failed: numberOf(failed),
      completed: numberOf(completed),
      parked: numberOf(parked),
      dead: numberOf(dead),
      counters,
    };
  }

  async now(): Promise<number> {
    const [seconds, microseconds] = await this.#do((client) => client.time());
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  }

  async #run(name: ScriptName, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#connection.run(name, this.#keys, args);
  }

  #do<Reply>(command: (client: Redis) => Promise<Reply>): Promise<Reply> {
    return this.#connection.do(command);
  }
}

/** On the way through a list from its front: which entries a claim would pass over. */
class Passed {
  readonly #seen = new Map<string, number>();

  isCancelled(id: string, cancelled: number): boolean {
    const seen = this.#seen.get(id) ?? 0;
    this.#seen.set(id, seen + 1);
    return seen < cancelled;
  }
}

/** What a claim would make of an entry, or null where it would pass over it. */
function toJob(queue: string, entry: string, value: string): StoredJob | null {
  try {
    return entry.startsWith('{') ? toForeignJob(queue, entry) : decodeEnvelope(entry, value);
  } catch {
    return null;
  }
}

function toForeignJob(queue: string, entry: string): StoredJob | null {
  const { ID, TypeName, Job }: Partial<ForeignEnvelope> = JSON.parse(entry);
  if (!isId(ID) || Job === undefined) return null;
  const line = [1, checkType(TypeName), queue, 0, 0, 0, 0, 1];
  return decodeEnvelope(ID, `${JSON.stringify(line)}\n${entry}`);
}

function workersIn(reply: unknown): WorkerView[] {
  const flat = textsOf(reply);
  const views: WorkerView[] = [];
  for (let at = 0; at < flat.length; at += 4) {
    const [worker = '', processing, leaseEnds, takes = ''] = flat.slice(at, at + 4);
    views.push({
      worker,
      processing: Number(processing),
      leaseEnds: Number(leaseEnds),
      takes: takes === '' ? null : JSON.parse(takes),
    });
  }
  return views.sort((a, b) => (a.worker < b.worker ? -1 : 1));
}

function triples(reply: unknown): [string, number, number][] {
  const flat = textsOf(reply);
  const rows: [string, number, number][] = [];
  for (let at = 0; at < flat.length; at += 3) {
    rows.push([flat[at] ?? '', Number(flat[at + 1]), Number(flat[at + 2])]);
  }
  return rows.sort(([a], [b]) => (a < b ? -1 : 1));
}

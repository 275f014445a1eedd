import { expect } from 'vitest';
import type { ClaimedJob, NewJob } from '../../../core/envelope.ts';
import type { JobFilter } from '../../../core/filter.ts';
import type { Backend, ExchangeReply, ExchangeRequest, JobStanding, Page } from '../../backend.ts';
import type { Call } from '../../call.ts';
import { HOUR } from '../session.ts';
import { TransitionLog, tracked } from '../tracked.ts';
import { type Command, type Enqueued, LATE_LOCKS, type Which } from './commands.ts';
import { broken } from './invariants.ts';
import { snapshot } from './snapshot.ts';

/** The same thing on both sides: a claim, say, that each of the two made with a token of its own. */
interface Both<Value> {
  readonly subject: Value;
  readonly model: Value;
}

type Side = keyof Both<unknown>;

/** Does the same calls on a backend and on the model, and compares all that can be seen after each. */
export class Lockstep {
  readonly #backends: Both<Backend>;
  /** The subject again, past the log of its transitions: for repeats, in which nothing happens. */
  readonly #untracked: Backend;
  /** Makes the model's clock go on, and waits until the subject's has. */
  readonly #tick: () => Promise<void>;
  readonly #log = new TransitionLog();
  readonly #ids: string[] = [];
  readonly #workers: string[] = [];
  readonly #claims: Both<ClaimedJob>[] = [];
  /** Of the claims those whose job is still its worker's. */
  #owned: readonly Both<ClaimedJob>[] = [];
  #leased: readonly string[] = [];
  #calls = 0;

  constructor(subject: Backend, model: Backend, tick: () => Promise<void>) {
    this.#untracked = subject;
    this.#backends = { subject: tracked(subject, this.#log), model };
    this.#tick = tick;
  }

  /** @throws Error which names the command after which the two differ */
  async run(commands: readonly Command[]): Promise<void> {
    for (const [index, command] of [{ do: 'register' } as const, ...commands].entries()) {
      try {
        await this.#do(command);
        await this.#compare();
      } catch (cause) {
        throw new Error(`after command ${index}, ${JSON.stringify(command)}`, { cause });
      }
      // No two steps at the same instant: which of two comes first must not depend on the speed of a backend.
      await this.#tick();
    }
  }

  async #compare(): Promise<void> {
    const look = (side: Side) =>
      snapshot(this.#backends[side], this.#ids, this.#workers, (token) => this.#rank(token, side));
    const [subject, model] = await Promise.all([
      look('subject'),
      look('model'),
      this.#log.check(this.#backends.subject),
    ]);
    expect(subject).toEqual(model);
    expect(await broken(this.#backends.subject, this.#ids, subject)).toEqual([]);
    await this.#takeStock();
  }

  /** Learns from the model which workers and claims later commands may name as present ones. */
  async #takeStock(): Promise<void> {
    const { model } = this.#backends;
    this.#leased = (await model.stats()).workers.map(({ worker }) => worker);
    const lists = await Promise.all(this.#leased.map((worker) => model.list({ state: 'processing', worker }, 0, 100)));
    const latest = new Map(this.#claims.map((claim) => [claim.model.id, claim]));
    this.#owned = lists.flat().flatMap((id) => latest.get(id) ?? []);
  }

  /** A token's name on both sides: which claim it was. */
  #rank(token: string, side: Side): string {
    const index = this.#claims.findIndex((claim) => claim[side].token === token);
    return index < 0 ? `unknown token ${token}` : `claim ${index + 1}`;
  }

  async #do(command: Command): Promise<void> {
    switch (command.do) {
      case 'enqueue': {
        const jobs = command.jobs.map((job) => this.#job(job));
        return this.#same(command.repeat, (backend, call) => backend.enqueue(call, jobs));
      }
      case 'exchange':
        return this.#exchange(command);
      case 'lock': {
        const claim = this.#claim(command.claim);
        if (claim === undefined) return;
        const late = command.late && claim.model.locks === null ? [LATE_LOCKS] : [];
        return this.#same(command.repeat, (backend, call, side) => backend.lock(call, claim[side], ...late));
      }
      case 'unlock': {
        const claim = this.#claim(command.claim);
        if (claim === undefined) return;
        return this.#same(command.repeat, (backend, call, side) => backend.unlock(call, claim[side]));
      }
      case 'report': {
        const reports = command.reports.flatMap(({ claim: which, progress }) => {
          const claim = this.#claim(which);
          return claim === undefined ? [] : [{ claim, progress }];
        });
        return this.#same(command.repeat, (backend, call, side) =>
          backend.results.report(
            call,
            reports.map(({ claim, progress }) => ({ job: claim[side], progress })),
          ),
        );
      }
      case 'watch': {
        // What is told depends on who looks when, so both are asked at once: how jobs stand, and what there is to tell.
        const watches = command.watches.map(({ job, every }) => ({ id: newest(this.#ids, job) ?? 'none', every }));
        return this.#same(false, async (backend) => ({
          news: [...(await backend.results.news('watcher', { timeout: 1 }))].sort(),
          standings: (await backend.results.watch('watcher', watches)).map(withoutInstant),
        }));
      }
      case 'unwatch': {
        const ids = command.jobs.map((job) => newest(this.#ids, job) ?? 'none');
        return this.#same(false, (backend) => backend.results.unwatch('watcher', ids));
      }
      case 'register': {
        const worker = `w${String(this.#workers.length).padStart(3, '0')}`;
        this.#workers.push(worker);
        return this.#same(false, (backend) => backend.register(worker, HOUR));
      }
      case 'renew':
        return this.#same(false, (backend) => backend.renew(this.#worker(command.worker), command.lease));
      case 'retire':
        return this.#same(false, (backend) => backend.retire(this.#worker(command.worker)));
      case 'relinquish': {
        const worker = this.#worker(command.worker);
        const known = command.known.flatMap((which) => this.#claim(which) ?? []);
        return this.#same(command.repeat, (backend, call, side) =>
          backend.relinquish(
            call,
            worker,
            known.map((claim) => claim[side].token),
            command.limit,
          ),
        );
      }
      case 'reclaim':
        return this.#same(false, (backend) => backend.reclaim(command.limit));
      case 'promote':
        return this.#same(false, async (backend) => {
          const { next, ...reply } = await backend.promote(command.limit);
          return { ...reply, next: next === null ? 'never' : next === 0 ? 'now' : 'later' };
        });
      case 'passGrants':
        return this.#same(false, (backend) => backend.passGrants(command.limit));
      case 'unpark':
        return this.#same(false, (backend) => backend.unpark(command.types, command.limit));
      case 'cancel': {
        const id = newest(this.#ids, command.job) ?? 'none';
        return this.#same(command.repeat, (backend, call) => backend.cancel(call, id));
      }
      case 'cancelMany': {
        const [found, expected] = await Promise.all([
          walk(this.#backends.subject, command.filter),
          walk(this.#backends.model, command.filter),
        ]);
        expect(found, 'a walk finds what fits').toEqual(expected);
        const ids = expected.slice(0, command.most);
        return this.#same(command.repeat, (backend, call) => backend.bulk.cancel(call, ids));
      }
      case 'retryFailed':
      case 'discard': {
        const ids = new Set(command.jobs.map((job) => newest(this.#ids, job) ?? 'none'));
        return this.#same(command.repeat, async (backend, call) => backend[command.do](call, [...ids]));
      }
      case 'writeSchedule':
        return this.#writeSchedule(command);
      case 'removeSchedule':
        return this.#same(command.repeat, (backend, call) => backend.schedules.remove(call, command.name));
      case 'releaseKey': {
        const { type, key } = command;
        return this.#same(command.repeat, (backend, call) => backend.uniqueKeys.release(call, type, key));
      }
      case 'expire':
        return this.#same(false, (backend) => backend.expire(command.failed, command.limit));
      case 'pause':
        return this.#same(command.repeat, (backend, call) => backend.controls.pause(call, command.target, command.why));
      case 'resume':
        return this.#same(command.repeat, (backend, call) => backend.controls.resume(call, command.target));
      case 'limitQueue':
        return this.#same(command.repeat, (backend, call) =>
          backend.controls.limitQueue(call, command.queue, command.limit),
        );
      case 'pauseRate':
        return this.#same(command.repeat, (backend, call) =>
          backend.controls.pauseRate(call, command.key, command.until),
        );
      case 'increment':
        return this.#same(command.repeat, (backend, call) => backend.increment(call, command.counter, command.by));
    }
  }

  async #writeSchedule({ name, as, due, job, repeat }: Extract<Command, { do: 'writeSchedule' }>): Promise<void> {
    const { subject, model } = this.#backends;
    const found = { subject: await subject.schedules.find(name), model: await model.schedules.find(name) };
    const replaces = (side: Side): number | null =>
      as === 'new' ? null : as === 'other' ? Number.MAX_SAFE_INTEGER : (found[side]?.version ?? null);
    const text = `as of call ${this.#calls}`;
    const made = job === null ? {} : { job: this.#job(job) };
    return this.#same(repeat, async (backend, call, side) => {
      const write = { name, due, text, replaces: replaces(side), ...made };
      const written = await backend.schedules.write(call, write);
      return { ...written, version: written.version !== null };
    });
  }

  async #exchange(command: Extract<Command, { do: 'exchange' }>): Promise<void> {
    const worker = this.#worker(command.worker);
    const settlements = command.settle.flatMap((settlement) => {
      const claim = this.#claim(settlement.claim);
      return claim === undefined ? [] : [{ claim, outcome: settlement.outcome }];
    });
    const request = (side: Side): ExchangeRequest => ({
      worker,
      settlements: settlements.map(({ claim, outcome }) => ({ job: claim[side], outcome })),
      ...(command.claim !== null && { claim: command.claim }),
    });
    const call = this.#call();
    const waits = command.waits && settlements.length === 0 && command.claim !== null;
    const subject = waits
      ? await this.#backends.subject.exchangeWhenWoken(call, request('subject'), { timeout: 1 })
      : await this.#backends.subject.exchange(call, request('subject'));
    const model = await this.#backends.model.exchange(call, request('model'));
    expect(comparable(subject)).toEqual(comparable(model));
    for (const [index, job] of subject.claimed.entries()) {
      const twin = model.claimed[index];
      const last = this.#claims.at(-1)?.subject.token ?? '0';
      expect(BigInt(job.token), 'a later claim has a greater token').toBeGreaterThan(BigInt(last));
      if (twin !== undefined) this.#claims.push({ subject: job, model: twin });
    }
    if (!command.repeat) return;
    const again = await this.#untracked.exchange(call, request('subject'));
    expect(again.settled, 'a repeat settles as before').toEqual(subject.settled);
    expect(again.claimed, 'a repeat gives the claimed jobs again').toEqual(subject.claimed);
  }

  /** Makes a call on both and compares the replies; and again on the subject, where the call is to be repeated. */
  async #same(
    isRepeated: boolean,
    make: (backend: Backend, call: Call, side: Side) => Promise<unknown>,
  ): Promise<void> {
    const call = this.#call();
    const subject = await make(this.#backends.subject, call, 'subject');
    const model = await make(this.#backends.model, call, 'model');
    expect(subject).toEqual(model);
    if (!isRepeated) return;
    const again = await make(this.#untracked, call, 'subject');
    expect(withoutMoves(again), 'a repeat has the same reply').toEqual(withoutMoves(subject));
  }

  #call(): Call {
    this.#calls += 1;
    return { client: 'lockstep', sequence: this.#calls, floor: this.#calls };
  }

  #job({ again, ...job }: Enqueued): NewJob {
    return { id: this.#id(again), ...job };
  }

  #id(again: number | null): string {
    const earlier = again === null ? undefined : newest(this.#ids, again);
    if (earlier !== undefined) return earlier;
    const id = `job-${String(this.#ids.length).padStart(3, '0')}`;
    this.#ids.push(id);
    return id;
  }

  #claim({ back, of }: Which): Both<ClaimedJob> | undefined {
    return newest(of === 'all' ? this.#claims : this.#owned, back);
  }

  #worker({ back, of }: Which): string {
    return newest(of === 'all' ? this.#workers : this.#leased, back) ?? 'nobody';
  }
}

/** Counted back from the newest, around and around. */
function newest<Value>(values: readonly Value[], back: number): Value | undefined {
  return values.length === 0 ? undefined : values[values.length - 1 - (back % values.length)];
}

/** All jobs that fit, in the order of their ids: a store has an order of its own. */
async function walk({ bulk }: Backend, filter: JobFilter): Promise<string[]> {
  const found = new Set<string>();
  for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
    const page: Page = await bulk.browse(filter, cursor, 5);
    for (const id of page.ids) found.add(id);
    cursor = page.cursor;
  }
  return [...found].sort();
}

/** A reply without what two stores never have in common. */
function comparable({ claimed, now: _, ...reply }: ExchangeReply): object {
  const jobs = claimed.map(({ token: __, sequence: ___, enqueuedAt: ____, ...job }) => job);
  return { ...reply, claimed: jobs };
}

function withoutInstant(standing: JobStanding | null): object | null {
  if (standing?.failure === undefined) return standing;
  const { at: _, ...failure } = standing.failure;
  return { ...standing, failure };
}

/** The moves of a repeat need not be told again. */
function withoutMoves(reply: unknown): unknown {
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply)) return reply;
  return { ...reply, moves: [] };
}

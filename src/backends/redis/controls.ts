import type {
  ControlBackend,
  Pause,
  PauseReason,
  PauseTarget,
  QueueLimit,
  QueueLimitView,
  RateView,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { Due } from '../../core/envelope.ts';
import { pausedReason } from '../../core/pause.ts';
import { type Pace, QUEUE_MARK, RATE_MARK, startsAt } from '../../core/rate.ts';
import { encodeDue } from './codec.ts';
import { callArgs, type Desk } from './desk.ts';

/** How many running jobs one step counts. */
const STEP = 200;

/** A value of the hash `controls`. */
interface Gate {
  readonly paused?: Paused;
  readonly concurrency?: number;
  readonly burst?: number;
  readonly interval?: number;
}

interface Paused {
  readonly by?: string;
  readonly reason?: string;
  readonly at: number;
}

export class RedisControls implements ControlBackend {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async pause(call: Call, target: PauseTarget, { by, reason }: PauseReason): Promise<void> {
    // What is null is left out: in a script it would be a value of its own kind.
    const why = { ...(by !== null && { by }), ...(reason !== null && { reason }), text: pausedReason(by, reason) };
    await this.#desk.run('pause', ...callArgs(call), ...wordsOf(target), JSON.stringify(why));
  }

  async resume(call: Call, target: PauseTarget): Promise<boolean> {
    return (await this.#desk.run('resume', ...callArgs(call), ...wordsOf(target))) === '1';
  }

  async pauses(): Promise<readonly Pause[]> {
    const { keys } = this.#desk;
    const [gates, types] = await Promise.all([
      this.#gates(),
      this.#desk.do((client) => client.hgetall(keys.the('pausedTypes'))),
    ]);
    const queues = gates.flatMap(([queue, { paused }]) =>
      paused === undefined ? [] : [{ queue, ...toReason(paused) }],
    );
    const paused = Object.entries(types).sort(byName);
    return [...queues, ...paused.map(([type, text]) => ({ type, ...toReason(JSON.parse(text)) }))];
  }

  async limitQueue(call: Call, queue: string, limit: QueueLimit | null): Promise<void> {
    const { concurrency = null, rate = null } = limit ?? {};
    const pace = rate === null ? ['', ''] : [rate.concurrency, rate.interval];
    await this.#desk.run('limit-queue', ...callArgs(call), queue, concurrency ?? '', ...pace);
    if (concurrency !== null) await this.#seat(queue);
  }

  /** What is claimed from now on is counted as it is claimed; so it only needs what runs already. */
  async #seat(queue: string): Promise<void> {
    const { keys } = this.#desk;
    const workers = await this.#desk.do((client) => client.zrange(keys.the('workers'), 0, '-1'));
    for (const worker of workers) {
      const ids = await this.#desk.do((client) => client.hkeys(keys.of('processing', worker)));
      for (let at = 0; at < ids.length; at += STEP) {
        await this.#desk.run('seat', queue, worker, ...ids.slice(at, at + STEP));
      }
    }
  }

  async queueLimits(): Promise<readonly QueueLimitView[]> {
    const { keys } = this.#desk;
    const [gates, seated, now] = await Promise.all([
      this.#gates(),
      this.#desk.do((client) => client.hgetall(keys.the('seated'))),
      this.#now(),
    ]);
    const limited = gates.filter(([, { concurrency, burst }]) => concurrency !== undefined || burst !== undefined);
    return Promise.all(
      limited.map(async ([queue, gate]) => {
        const rate = paceOf(gate);
        return {
          queue,
          concurrency: gate.concurrency ?? null,
          rate,
          running: gate.concurrency === undefined ? 0 : Number(seated[queue] ?? 0),
          startsAt: rate === null ? null : startsAt(await this.#spent(QUEUE_MARK + queue), rate, 0, now),
        };
      }),
    );
  }

  async pauseRate(call: Call, key: string, until: Due): Promise<void> {
    await this.#desk.run('pause-rate', ...callArgs(call), RATE_MARK + key, encodeDue(until));
  }

  async rate(name: string): Promise<RateView> {
    const { keys } = this.#desk;
    const key = RATE_MARK + name;
    const [reserved, spent, paused, next, now] = await Promise.all([
      this.#desk.do((client) => client.hlen(keys.of('lock', key))),
      this.#spent(key),
      this.#desk.do((client) => client.get(keys.of('pausedRate', key))),
      this.#desk.do((client) => client.zscore(keys.the('timers'), key)),
      this.#now(),
    ]);
    const until = Number(paused ?? 0);
    return {
      reserved,
      spent: Math.max(now, spent),
      pausedUntil: until > now ? until : null,
      next: next === null ? null : Number(next),
    };
  }

  /** Of the queues that are paused or have a limit, by name. */
  async #gates(): Promise<[queue: string, Gate][]> {
    const gates = await this.#desk.do((client) => client.hgetall(this.#desk.keys.the('controls')));
    return Object.entries(gates)
      .sort(byName)
      .map(([queue, text]) => [queue, JSON.parse(text)]);
  }

  async #spent(key: string): Promise<number> {
    return Number((await this.#desk.do((client) => client.get(this.#desk.keys.of('spent', key)))) ?? 0);
  }

  async #now(): Promise<number> {
    const [seconds, microseconds] = await this.#desk.do((client) => client.time());
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  }
}

function wordsOf(target: PauseTarget): [kind: string, name: string] {
  return 'queue' in target ? ['queue', target.queue] : ['type', target.type];
}

function toReason({ by = null, reason = null, at }: { by?: string | null; reason?: string | null; at: number }) {
  return { by, reason, at };
}

function paceOf({ burst, interval }: Gate): Pace | null {
  return burst === undefined || interval === undefined ? null : { concurrency: burst, interval };
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

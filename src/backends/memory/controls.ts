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
import { QUEUE_MARK, RATE_MARK } from '../../core/rate.ts';
import type { Desk } from './desk.ts';
import { instantOf } from './instants.ts';

export class MemoryControls implements ControlBackend {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async pause(call: Call, target: PauseTarget, { by, reason }: PauseReason): Promise<void> {
    this.#desk.once(call, () => {
      const at = this.#desk.clock.now();
      const [paused, name] = this.#pausesOf(target);
      paused.set(name, { by, reason, at });
    });
  }

  async resume(call: Call, target: PauseTarget): Promise<boolean> {
    return this.#desk.once(call, () => {
      const [paused, name] = this.#pausesOf(target);
      const wasPaused = paused.delete(name);
      if ('queue' in target) this.#desk.claimers.wake(name);
      // What was parked may come back now.
      else for (const worker of this.#desk.books.leases.keys()) this.#desk.call(worker);
      return wasPaused;
    });
  }

  async pauses(): Promise<readonly Pause[]> {
    this.#desk.open();
    const { pausedQueues, pausedTypes } = this.#desk.books.controls;
    return [
      ...[...pausedQueues].sort(byName).map(([queue, why]) => ({ queue, ...why })),
      ...[...pausedTypes].sort(byName).map(([type, why]) => ({ type, ...why })),
    ];
  }

  async limitQueue(call: Call, queue: string, limit: QueueLimit | null): Promise<void> {
    this.#desk.once(call, () => {
      const { books } = this.#desk;
      if (limit === null || (limit.concurrency === null && limit.rate === null))
        books.controls.queueLimits.delete(queue);
      else books.controls.queueLimits.set(queue, limit);
      if (limit !== null && limit.concurrency !== null) books.seatAll(queue);
      this.#desk.claimers.wake(queue);
    });
  }

  async queueLimits(): Promise<readonly QueueLimitView[]> {
    this.#desk.open();
    const { books } = this.#desk;
    return [...books.controls.queueLimits].sort(byName).map(([queue, { concurrency, rate }]) => ({
      queue,
      concurrency,
      rate,
      running: concurrency === null ? 0 : books.running(queue),
      startsAt: rate === null ? null : books.startsAt({ key: QUEUE_MARK + queue, ...rate }),
    }));
  }

  async pauseRate(call: Call, name: string, until: Due): Promise<void> {
    this.#desk.once(call, () => {
      const key = RATE_MARK + name;
      const { pausedRates } = this.#desk.books.controls;
      const at = instantOf(until, this.#desk.clock.now());
      pausedRates.set(key, Math.max(at, pausedRates.get(key) ?? 0));
    });
  }

  async rate(name: string): Promise<RateView> {
    const now = this.#desk.open();
    const { books } = this.#desk;
    const key = RATE_MARK + name;
    const pausedUntil = books.controls.pausedRates.get(key) ?? 0;
    return {
      reserved: books.holders.get(key)?.size ?? 0,
      spent: Math.max(now, books.spent.get(key) ?? 0),
      pausedUntil: pausedUntil > now ? pausedUntil : null,
      next: books.timers.get(key) ?? null,
    };
  }

  #pausesOf(target: PauseTarget): [Map<string, PauseReason & { readonly at: number }>, string] {
    const { pausedQueues, pausedTypes } = this.#desk.books.controls;
    return 'queue' in target ? [pausedQueues, target.queue] : [pausedTypes, target.type];
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

import type { InspectBackend } from '../../../src/contract/backend.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { type History, instant } from '../history/history.mjs';

export interface ObserverOptions {
  /** The store itself, and not by the way that faults are on. */
  readonly store: InspectBackend;
  readonly history: History;
  /** The lock keys to watch, and how many places each has. */
  readonly keys: ReadonlyMap<string, number>;
  /** Milliseconds between looks; 50 when left out. */
  readonly interval?: number;
}

/** How many keys are looked at each time: the look must not be the load. */
const KEYS_AT_ONCE = 5;

/** Looks into the store, and notes whose lease lasts until when, and how many have a place of a lock key. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #stopping = new AbortController();
  readonly #leases = new Map<string, number>();
  readonly #gone = new Set<string>();
  readonly #ended: Promise<void>;
  #nextKey = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#ended;
  }

  async #run(): Promise<void> {
    const { interval = 50 } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#lookAtLeases();
        await this.#lookAtKeys();
      } catch {
        // The store is out of reach: that is the scenario's doing.
      }
      await systemClock.sleep(interval, signal);
    }
  }

  /**
   * The store's clock is put in terms of ours so that a lease is never made longer: the store's `now` was taken after `before`,
   * so what is `x` ms after it is at least `x` ms after `before`.
   */
  async #lookAtLeases(): Promise<void> {
    const { store, history } = this.#options;
    const before = instant();
    const now = await store.now();
    const { workers } = await store.stats();
    const elapsed = (instant() - before) / 1000;
    const present = new Set<string>();
    for (const { worker, leaseEnds } of workers) {
      // It may have ended, and been swept in part, since the store was asked for the time.
      if (leaseEnds <= now + elapsed + 1) continue;
      present.add(worker);
      const known = this.#leases.get(worker) ?? 0;
      if (leaseEnds > known) history.write({ kind: 'lease', worker, until: before + (leaseEnds - now) * 1000 });
      this.#leases.set(worker, Math.max(known, leaseEnds));
    }
    for (const worker of this.#leases.keys()) {
      if (present.has(worker) || this.#gone.has(worker) || workers.some((other) => other.worker === worker)) continue;
      this.#gone.add(worker);
      history.write({ kind: 'gone', worker });
    }
  }

  async #lookAtKeys(): Promise<void> {
    const { store, history } = this.#options;
    const keys = [...this.#options.keys];
    for (let looks = 0; looks < Math.min(KEYS_AT_ONCE, keys.length); looks += 1) {
      const [key, limit] = keys[this.#nextKey % keys.length] ?? ['', 0];
      this.#nextKey += 1;
      const { length: count } = await store.holders(key);
      if (count > 0) history.write({ kind: 'holders', key, limit, count });
    }
  }
}

import { systemClock } from '../../../src/runtime/clock.ts';
import type { Application, Order } from './application.ts';

export interface LoadOptions {
  readonly application: Application;
  readonly random: () => number;
  /** Jobs in one call, and milliseconds between two calls. */
  readonly together?: number;
  readonly interval?: number;
  /** How long a job takes at most, in milliseconds. */
  readonly takes?: number;
  /** How many lock keys there are: each lets through no more than its jobs' time allows. */
  readonly keys?: number;
  /** Enqueue again what failed. */
  readonly insist?: boolean;
  /** They are acknowledged only when a replica has them. */
  readonly isReplicated?: boolean;
}

/** An application at work: small calls of jobs of all kinds, one after another, until it is stopped. */
export class Load {
  readonly #options: LoadOptions;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #jobs = 0;
  #watchers: (() => void)[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** How many jobs were acknowledged. */
  get jobs(): number {
    return this.#jobs;
  }

  /** Resolves when so many more jobs have been acknowledged. */
  async more(jobs: number): Promise<void> {
    const wanted = this.#jobs + jobs;
    while (this.#jobs < wanted && !this.#stopping.signal.aborted) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  /** Settles when its last call has. */
  stop(): Promise<void> {
    this.#stopping.abort();
    this.#tell();
    return this.#ended;
  }

  async #run(): Promise<void> {
    const { application, together = 10, interval = 50, insist = false } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const orders = Array.from({ length: together }, () => this.#order());
      const acked = await application.enqueue(orders, { insist });
      this.#jobs += acked.length;
      this.#tell();
      await systemClock.sleep(interval, signal);
    }
  }

  /** Half of them need no lock; a few fail once, or are due later. */
  #order(): Order {
    const { random, takes = 20, keys = 5, isReplicated = false } = this.#options;
    const kind = random();
    const base: Order = {
      takes: Math.floor(random() * takes),
      isReplicated,
    };
    if (kind < 0.3) return { ...base, key: `one-${Math.floor(random() * keys)}`, limit: 1 };
    if (kind < 0.5) return { ...base, key: `three-${Math.floor(random() * keys)}`, limit: 3 };
    if (kind < 0.55) return { ...base, deed: 'throw', times: 1 };
    if (kind < 0.6) return { ...base, delay: 100 + Math.floor(random() * 400) };
    return base;
  }

  #tell(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}

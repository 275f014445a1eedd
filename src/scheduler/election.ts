import type { LeaseBackend } from '../contract/backend.ts';
import { newName } from '../runtime/identity.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

const INTERVAL = 1_000;

/**
 * Takes part in the election of the cluster's leader. Leadership is a lease: a leader that dies, or is cut off, is followed by
 * another within `lease` milliseconds and a second.
 */
export class Election {
  readonly #backend: LeaseBackend;
  readonly #lease: number;
  readonly #surroundings: Surroundings;
  readonly #candidate = newName();
  readonly #loop: Loop;
  readonly #elected: () => void;
  /** By the monotonic clock: since when it has led without a gap, and until when its lease lasts. */
  #since = 0;
  #until = Number.NEGATIVE_INFINITY;

  /** @param elected called when it begins to lead */
  constructor(backend: LeaseBackend, lease: number, elected: () => void, surroundings: Surroundings) {
    this.#backend = backend;
    this.#lease = lease;
    this.#elected = elected;
    this.#surroundings = surroundings;
    const interval = Math.min(INTERVAL, lease / 3);
    this.#loop = new Loop({ name: 'the election', interval, tick: () => this.#stand() }, surroundings);
  }

  get isLeader(): boolean {
    return this.#surroundings.clock.monotonic() < this.#until;
  }

  /**
   * Whether it has led for as long as its lease. Until then the living may not have renewed their own leases: nobody could
   * while the backend was out of reach, and after that a leader is mostly a new one.
   */
  get isSettled(): boolean {
    return this.isLeader && this.#surroundings.clock.monotonic() - this.#since >= this.#lease;
  }

  start(): void {
    this.#loop.start();
  }

  /** Leaves the leadership to others at once. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    if (!this.isLeader) return;
    this.#until = Number.NEGATIVE_INFINITY;
    // Where this fails, the lease ends by itself.
    await this.#backend.resign(this.#candidate).catch(() => undefined);
  }

  async #stand(): Promise<undefined> {
    const { clock, logger } = this.#surroundings;
    // Before the call: the lease begins when the backend takes the call, which is later.
    const asked = clock.monotonic();
    const wasLeader = this.isLeader;
    if (!(await this.#backend.lead(this.#candidate, this.#lease))) {
      this.#until = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#until = asked + this.#lease;
    if (wasLeader) return;
    this.#since = asked;
    logger.debug({ candidate: this.#candidate }, 'leads: does what the cluster needs done once');
    this.#elected();
  }
}

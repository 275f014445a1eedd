import type { Backend, CheckedIn, CheckIn } from '../contract/backend.ts';
import { withAnyOf } from '../runtime/abort.ts';
import { newName } from '../runtime/identity.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

/** What a process says of itself each time: what may change. */
export type Self = Omit<CheckIn, 'candidate' | 'leadership'>;

export interface PresenceOptions {
  readonly backend: Pick<Backend, 'checkIn' | 'waitForCall' | 'resign'>;
  /** How long a leader leads after its last sign of life, in milliseconds. */
  readonly leadership: number;
  /** Milliseconds between two check-ins at most. */
  readonly interval: number;
  readonly self: () => Self;
  /** Told what the store said, and when it was asked, by the monotonic clock: what was extended lasts from then on at least. */
  readonly told: (reply: CheckedIn, self: Self, asked: number) => void;
}

/** Milliseconds after the end of another's leadership, so that it is over by the store's clock as well. */
const AFTERWARDS = 5;

/**
 * A process's presence in the cluster. It checks in every few seconds, or when it is called: its worker's lease is extended, it
 * takes part in the election of the leader, and it hears all that there is to do, in one step.
 *
 * Leadership is a lease: a leader that dies, or is cut off, is followed by another when `leadership` milliseconds have passed.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #surroundings: Surroundings;
  readonly #candidate = newName();
  readonly #loop: Loop;
  #waiting: AbortController | null = null;
  #isAsked = false;
  /** By the monotonic clock: until when it leads. */
  #until = Number.NEGATIVE_INFINITY;
  /** The same: when it was answered last, and since when no two answers were further apart than a leadership lasts. */
  #heard = Number.NEGATIVE_INFINITY;
  #since = 0;

  constructor(options: PresenceOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#loop = new Loop(
      { name: 'the check-in', interval: 0, tick: (stopping) => this.#tick(stopping) },
      surroundings,
    );
  }

  get isLeader(): boolean {
    return this.#surroundings.clock.monotonic() < this.#until;
  }

  /**
   * Whether it leads, and has reached the store for as long as a leadership lasts. Until then the living may not have renewed
   * their own leases: nobody could while the store was out of reach.
   */
  get isSettled(): boolean {
    return this.isLeader && this.#surroundings.clock.monotonic() - this.#since >= this.#options.leadership;
  }

  start(): void {
    this.#loop.start();
  }

  /** Checks in now: what is known of what is due may be out of date, or of the worker. */
  ask(): void {
    this.#isAsked = true;
    this.#waiting?.abort();
    this.#loop.wake();
  }

  /** Leaves the leadership to others at once. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    if (!this.isLeader) return;
    this.#until = Number.NEGATIVE_INFINITY;
    // Where this fails, the lease ends by itself.
    await this.#options.backend.resign(this.#candidate).catch(() => undefined);
  }

  async #tick(stopping: AbortSignal): Promise<number> {
    this.#isAsked = false;
    const left = await this.#checkIn();
    if (this.#isAsked || stopping.aborted) return 0;
    this.#waiting = new AbortController();
    const callee = { worker: this.#options.self().worker, leads: this.isLeader };
    const { backend } = this.#options;
    await withAnyOf([stopping, this.#waiting.signal], (signal) =>
      backend.waitForCall(callee, { timeout: left, signal }),
    );
    this.#waiting = null;
    return 0;
  }

  /** Gives the milliseconds until the next. */
  async #checkIn(): Promise<number> {
    const { backend, leadership, interval, self, told } = this.#options;
    const { clock, logger } = this.#surroundings;
    const said = self();
    // Before the call: what is extended by it begins when the store takes the call, which is later.
    const asked = clock.monotonic();
    const wasLeader = this.isLeader;
    const reply = await backend.checkIn({ ...said, candidate: this.#candidate, leadership });
    const now = clock.monotonic();
    if (now - this.#heard > leadership) this.#since = now;
    this.#heard = now;
    this.#until = reply.leads ? asked + leadership : Number.NEGATIVE_INFINITY;
    if (reply.leads && !wasLeader)
      logger.debug({ candidate: this.#candidate }, 'leads: does what the cluster needs done once');
    told(reply, said, asked);
    return reply.leads ? interval : Math.min(interval, reply.left + AFTERWARDS);
  }
}

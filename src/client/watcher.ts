import { type JobStanding, MOST_WATCHES, type ResultStore } from '../contract/backend.ts';
import { BackendError, WingmanError } from '../core/errors.ts';
import { hasEnded } from '../core/states.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { newName } from '../runtime/identity.ts';

/** Who wants to know of one job. None of these may throw. */
export interface Listener {
  /** Of all that happens to the job; of its end alone when false. */
  readonly every: boolean;
  /** How the job stands; null where it is not in the books. Once it has ended, or is not there, that is the last. */
  readonly told: (standing: JobStanding | null) => void;
  /** Nothing more is told: the store cannot be asked any more. */
  readonly failed: (error: unknown) => void;
}

/** So often all jobs are looked at, whatever the store tells, in milliseconds: so late may come what got lost. */
const INTERVAL = 10_000;
/** How long one who waits for jobs one after the other stays connected in between. */
const LINGER = 1_000;

/**
 * Follows any number of jobs for one process: one wait for news, and looks at those jobs that something has happened to, many
 * in a call. Who watches does so by a lease, which every look renews.
 */
export class Watcher {
  readonly #store: ResultStore;
  readonly #clock: Clock;
  readonly #name = newName();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #toLook = new Set<string>();
  readonly #toLeave = new Set<string>();
  readonly #closing = new AbortController();
  /** Settles when all looks asked for so far are done; null while there are none. */
  #looking: Promise<void> | null = null;
  /** Ends the wait for news; null while nobody waits. */
  #hearing: AbortController | null = null;
  #cancelLinger: (() => void) | null = null;

  constructor(store: ResultStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Looks how a job stands, and again whenever something happens to it. Returns what ends that.
   * @throws WingmanError `WINGMAN_BACKEND_CLOSED`
   */
  watch(id: string, listener: Listener): () => void {
    this.assertOpen();
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    this.#toLeave.delete(id);
    this.#lookAt([id]);
    this.#hear();
    return () => this.#leave(id, listener);
  }

  /** @throws WingmanError `WINGMAN_BACKEND_CLOSED` */
  assertOpen(): void {
    if (this.#closing.signal.aborted) throw closed();
  }

  /** Tells everybody that it is over. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#cancelLinger?.();
    this.#hearing?.abort();
    this.#fail([...this.#listeners.keys()], closed());
  }

  #leave(id: string, listener: Listener): void {
    const listeners = this.#listeners.get(id);
    if (listeners?.delete(listener) !== true || listeners.size > 0) return;
    this.#forget(id);
    this.#toLeave.add(id);
    this.#lookAt([]);
  }

  #forget(id: string): void {
    this.#listeners.delete(id);
    this.#toLook.delete(id);
    if (this.#listeners.size > 0 || this.#cancelLinger !== null) return;
    this.#cancelLinger = this.#clock.after(LINGER, () => {
      this.#cancelLinger = null;
      this.#hearing?.abort();
      this.#hearing = null;
    });
  }

  #lookAt(ids: Iterable<string>): void {
    for (const id of ids) this.#toLook.add(id);
    if (this.#closing.signal.aborted) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
      // What was asked for in the moment in which it ended.
      if (this.#toLook.size + this.#toLeave.size > 0) this.#lookAt([]);
    });
  }

  async #look(): Promise<void> {
    const backoff = new Backoff(Math.random);
    // What is asked for in one turn goes in one call.
    await this.#clock.turn();
    while (this.#toLook.size + this.#toLeave.size > 0 && !this.#closing.signal.aborted) {
      const leaving = first(this.#toLeave);
      const ids = first(this.#toLook);
      try {
        if (leaving.length > 0) await this.#store.unwatch(this.#name, leaving);
        if (ids.length > 0) await this.#tell(ids);
        backoff.reset();
      } catch (error) {
        if (!isTransient(error)) {
          this.#fail(ids, error);
          continue;
        }
        for (const id of ids) if (this.#listeners.has(id)) this.#toLook.add(id);
        await this.#clock.sleep(backoff.next(), this.#closing.signal);
      }
    }
  }

  async #tell(ids: readonly string[]): Promise<void> {
    const watches = ids.map((id) => ({ id, every: [...(this.#listeners.get(id) ?? [])].some(({ every }) => every) }));
    const standings = await this.#store.watch(this.#name, watches);
    ids.forEach((id, index) => {
      const standing = standings[index] ?? null;
      const listeners = [...(this.#listeners.get(id) ?? [])];
      if (standing === null || hasEnded(standing.state)) {
        this.#forget(id);
        // The store lets go of those that have ended by itself.
        if (standing === null) this.#toLeave.add(id);
      } else if (listeners.length === 0) {
        this.#toLeave.add(id);
      }
      for (const listener of listeners) listener.told(standing);
    });
  }

  #hear(): void {
    this.#cancelLinger?.();
    this.#cancelLinger = null;
    if (this.#hearing !== null) return;
    this.#hearing = new AbortController();
    void this.#listen(this.#hearing.signal);
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(Math.random);
    let lookedAt = this.#clock.monotonic();
    while (!signal.aborted) {
      try {
        const ids = await this.#store.news(this.#name, { timeout: INTERVAL, signal });
        backoff.reset();
        for (const id of ids) if (!this.#listeners.has(id)) this.#toLeave.add(id);
        this.#lookAt(ids.filter((id) => this.#listeners.has(id)));
      } catch (error) {
        if (signal.aborted) return;
        if (!isTransient(error)) {
          this.#hearing = null;
          return this.#fail([...this.#listeners.keys()], error);
        }
        await this.#clock.sleep(backoff.next(), signal);
        // What was watched may have been forgotten with all else that a store has lost.
        lookedAt = Number.NEGATIVE_INFINITY;
      }
      if (this.#clock.monotonic() - lookedAt >= INTERVAL) {
        lookedAt = this.#clock.monotonic();
        this.#lookAt(this.#listeners.keys());
      }
      // The store tells of a job until it is looked at.
      await this.#looking;
    }
  }

  #fail(ids: readonly string[], error: unknown): void {
    for (const id of ids) {
      const listeners = [...(this.#listeners.get(id) ?? [])];
      this.#forget(id);
      for (const listener of listeners) listener.failed(error);
    }
  }
}

/** Takes as many as one call may be about. */
function first(ids: Set<string>): string[] {
  const taken: string[] = [];
  for (const id of ids) {
    if (taken.length === MOST_WATCHES) break;
    taken.push(id);
    ids.delete(id);
  }
  return taken;
}

function isTransient(error: unknown): boolean {
  return error instanceof BackendError && error.isTransient;
}

function closed(): WingmanError {
  return new WingmanError('WINGMAN_BACKEND_CLOSED', 'this client is closed: connect again');
}

import type { JobStanding } from '../contract/backend.ts';
import { decodePayload } from '../core/payload.ts';
import { hasEnded, type State } from '../core/states.ts';
import type { Watcher } from './watcher.ts';

/** What has happened to a job, as `events()` tells it. */
export type JobUpdate =
  /** How it stood at the first look, and each state that it has come to since. */
  | { readonly event: 'state'; readonly state: State }
  /** What its handler reported last of how far it is. */
  | { readonly event: 'progress'; readonly progress: unknown }
  /** It has ended, in this state. Null: it is not in the books, so that nobody can tell how. */
  | { readonly event: 'end'; readonly state: State | null };

interface Taker {
  readonly resolve: (result: IteratorResult<JobUpdate, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What happens to one job, from the first `next` on. Only the newest is kept for one who is slow to take it: a state that passed
 * meanwhile is left out, the end never is.
 */
export class Updates implements AsyncIterableIterator<JobUpdate, undefined> {
  readonly #watcher: Watcher;
  readonly #id: string;
  readonly #signal: AbortSignal | undefined;
  readonly #takers: Taker[] = [];
  readonly #pending = new Map<JobUpdate['event'], JobUpdate>();
  readonly #end = (): void => void this.return();
  #leave: (() => void) | null = null;
  #isOver = false;
  #failure: { readonly error: unknown } | null = null;
  #state: State | undefined;
  #progress: string | undefined;

  constructor(watcher: Watcher, id: string, signal: AbortSignal | undefined) {
    this.#watcher = watcher;
    this.#id = id;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<JobUpdate, undefined>> {
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#begin();
      this.#serve();
    });
  }

  /** Ends it, and lets go of all that it holds at once. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#pending.clear();
    this.#finish();
    this.#serve();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #begin(): void {
    if (this.#leave !== null || this.#isOver) return;
    if (this.#signal?.aborted === true) {
      this.#finish();
      return;
    }
    try {
      this.#leave = this.#watcher.watch(this.#id, {
        every: true,
        told: (standing) => this.#told(standing),
        failed: (error) => this.#fail(error),
      });
      this.#signal?.addEventListener('abort', this.#end, { once: true });
    } catch (error) {
      this.#fail(error);
    }
  }

  #told(standing: JobStanding | null): void {
    const { state, progress } = standing ?? {};
    const isOver = state === undefined || hasEnded(state);
    if (!isOver && state !== this.#state) {
      this.#state = state;
      this.#add({ event: 'state', state });
    }
    if (progress !== undefined && progress !== this.#progress) {
      this.#progress = progress;
      this.#add({ event: 'progress', progress: decodePayload(progress, this.#id) });
    }
    if (isOver) {
      this.#pending.delete('state');
      this.#add({ event: 'end', state: state ?? null });
      this.#finish();
    }
    this.#serve();
  }

  #add(update: JobUpdate): void {
    this.#pending.delete(update.event);
    this.#pending.set(update.event, update);
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#finish();
    this.#serve();
  }

  #finish(): void {
    this.#isOver = true;
    this.#leave?.();
    this.#signal?.removeEventListener('abort', this.#end);
  }

  #serve(): void {
    while (this.#takers.length > 0) {
      const [update] = this.#pending.values();
      if (update === undefined && !this.#isOver) return;
      const taker = this.#takers.shift();
      if (update !== undefined) {
        this.#pending.delete(update.event);
        taker?.resolve({ done: false, value: update });
      } else if (this.#failure !== null) {
        taker?.reject(this.#failure.error);
        this.#failure = null;
      } else {
        taker?.resolve({ done: true, value: undefined });
      }
    }
  }
}

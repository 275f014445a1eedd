// How far a job is, how it ended, what it gave: kept with the job, and told to those who watch it.
import type { ClaimedJob } from '../core/envelope.ts';
import type { FailedAttempt } from '../core/outcome.ts';
import type { State } from '../core/states.ts';
import type { Call } from './call.ts';
import type { JobView } from './inspect.ts';

/** How far a running job says it is. */
export interface Report {
  readonly job: ClaimedJob;
  /** JSON text, which no backend parses. */
  readonly progress: string;
}

/** How a job stands, for those who wait for it: no more than they need, so that many can be asked for at once. */
export interface JobStanding {
  readonly state: State;
  /** What it reported last, as JSON text. */
  readonly progress?: string;
  /** What it gave, as JSON text: of one that has completed and keeps it. */
  readonly result?: string;
  /** Its last failed attempt: of one that has failed for good. */
  readonly failure?: FailedAttempt;
}

export interface Watch {
  readonly id: string;
  /** Be told of every change of its state and of its progress; of its end alone when false. */
  readonly every: boolean;
}

/**
 * Watching only wakes: who is told of a job looks how it stands, and what passes faster than that is left out. A job that
 * nobody watches pays nothing for it.
 */
export interface ResultStore {
  /** Keeps how far running jobs are, until they report again or are gone. `stale`: the token is no longer the owner's. */
  report(call: Call, reports: readonly Report[]): Promise<readonly ('kept' | 'stale')[]>;
  /**
   * Looks how jobs stand, null for one that is not in the books, and has `watcher` told of what happens to them in the
   * `WATCH_LEASE` milliseconds that follow, unless they have ended; of one that is yet to be enqueued as well, but not of that. What was to be told of them until now has been seen. Of
   * one that ends while it is watched, that is known for as long again, though it is gone from the books. A job has
   * `MOST_WATCHERS` at most: any other is not told, and must look by itself. One call takes `MOST_WATCHES`.
   */
  watch(watcher: string, watches: readonly Watch[]): Promise<readonly (JobStanding | null)[]>;
  /** Ends that, before its time. */
  unwatch(watcher: string, ids: readonly string[]): Promise<void>;
  /**
   * Waits until there is something to tell a watcher, and gives the ids of those jobs, `MOST_WATCHES` at most. They are told
   * again until they are looked at. None when the time is up, or within 1 s of an abort. A wake-up may be lost, so `timeout` is
   * the caller's poll interval.
   */
  news(
    watcher: string,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<readonly string[]>;
  /** The last of a job that ended while it was watched and is not in the books any more, without its failures; or null. */
  ended(id: string): Promise<JobView | null>;
}

/** How long one look at a job has its watcher told of it, in milliseconds. */
export const WATCH_LEASE = 45_000;

/** How many are told of one job: a step that moves it tells them all. */
export const MOST_WATCHERS = 100;

/** How many jobs one look, and one piece of news, is about. */
export const MOST_WATCHES = 100;

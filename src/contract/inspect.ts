// What a backend tells of its books to those who look.
import type { StoredJob } from '../core/envelope.ts';
import type { FailedAttempt } from '../core/outcome.ts';
import type { State } from '../core/states.ts';

/** A job as it stands in the books. */
export interface JobView {
  readonly job: StoredJob;
  readonly state: State;
  /** When a scheduled job is due. */
  readonly due?: number;
  /** Who owns a job in processing. */
  readonly owner?: { readonly worker: string; readonly token: string };
  /** The lock key that a held job waits for. */
  readonly heldFor?: string;
  /** A waiting job has its locks reserved. */
  readonly granted?: boolean;
  /** Why a job is parked. */
  readonly reason?: string;
  readonly failedAt?: number;
  /** When a job completed that is kept. */
  readonly completedAt?: number;
  /** What it reported last of how far it is, as JSON text. */
  readonly progress?: string;
  /** What a job gave that has completed and is kept, as JSON text. */
  readonly result?: string;
  /** The failed attempts so far, oldest first; the newest `KEPT_ATTEMPTS` of them. */
  readonly failures: readonly FailedAttempt[];
}

/** Which jobs to list, in their order. */
export type Listing =
  | { readonly state: 'waiting'; readonly queue: string }
  | { readonly state: 'held'; readonly key: string }
  | { readonly state: 'processing'; readonly worker: string }
  | { readonly state: 'parked' | 'completed'; readonly type: string }
  | { readonly state: 'scheduled' | 'failed' };

export interface DeadLetter {
  readonly queue: string;
  readonly reason: string;
  readonly at: number;
  /** The bytes as they were found. */
  readonly raw: Uint8Array;
}

/** What a worker takes up. */
export interface Takes {
  readonly queues: readonly string[];
  readonly types: readonly string[];
}

export interface WorkerView {
  readonly worker: string;
  readonly processing: number;
  /** An instant. One that has passed: the worker has vanished, and its jobs are about to be taken back. */
  readonly leaseEnds: number;
  /** Null where it did not say: a loop that takes one job at a time. */
  readonly takes: Takes | null;
}

export interface Stats {
  /** Sorted by name. */
  readonly queues: readonly { readonly queue: string; readonly waiting: number; readonly held: number }[];
  /** Sorted by name. */
  readonly workers: readonly WorkerView[];
  readonly scheduled: number;
  readonly failed: number;
  /** Completed jobs that are kept. */
  readonly completed: number;
  readonly parked: number;
  readonly dead: number;
  readonly counters: Counters;
}

/** Since the beginning, over all managers. */
export interface Counters {
  readonly successful: number;
  readonly failed: number;
}

export interface InspectBackend {
  /** The job with this id in whatever state it is, or null. Looks at no queue. */
  find(id: string): Promise<JobView | null>;
  /** The job that a claim would look at first, or null. What is no envelope is passed over and stays. */
  peek(queue: string): Promise<StoredJob | null>;
  /**
   * How many jobs come up before one that waits, or have waited longer for the key that it is held for; `most` where there are so
   * many or more. Null where it neither waits nor is held. Cancelled jobs that are still to be passed over may count.
   */
  ahead(id: string, most: number): Promise<number | null>;
  /** How many jobs wait in a queue. */
  size(queue: string): Promise<number>;
  /** Ids of a listing from `offset` on, `limit` at most. */
  list(listing: Listing, offset: number, limit: number): Promise<readonly string[]>;
  /** Who has a place of a lock key, by id; a token of null is a grant that nobody has claimed yet. */
  holders(key: string): Promise<readonly { readonly id: string; readonly token: string | null }[]>;
  /** Oldest first. */
  deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]>;
  stats(): Promise<Stats>;
  /** The backend's clock. */
  now(): Promise<number>;
}

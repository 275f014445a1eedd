// How much one step does. While it does, the store does nothing else for anybody: the largest of each kind is meant to take two to
// three milliseconds of a Redis server, and the bench measures them (its case `million`). Whoever has more to do makes several steps.
import type { ClaimedJob, NewJob } from '../core/envelope.ts';
import type { Outcome } from '../core/outcome.ts';

/** The payloads, or the results, that one step takes in or gives out, in characters; a single one may be longer. */
export const MOST_CHARACTERS = 262_144;

/** The work of one enqueue, in jobs about which nothing is particular. */
export const ENQUEUE_BUDGET = 500;

/** How many jobs one exchange settles, and claims, at most; and the work of its settlements, in jobs without locks that completed. */
export const EXCHANGE_BUDGET = 100;

/** How many entries a claim looks at beyond those it takes. */
export const CLAIM_BUDGET = 50;

/**
 * How many waiting jobs a step looks at when it grants places. The keys that are left are remembered, and the exchanges and
 * `passGrants` that follow go on with them, `RESUMED_KEYS` at a time.
 */
export const GRANT_BUDGET = 100;
export const RESUMED_KEYS = 50;

/** How many waiters of a lock key `passGrants` looks at for one of another queue. */
export const PASS_BUDGET = 100;

/** How many jobs a sweep moves. */
export const SWEEP_BUDGET = 30;

/** A job may have to be looked for with each worker, and its places granted to others. */
export const CANCEL_BUDGET = 40;

/** How many jobs that have ended are retried or discarded. */
export const ENDED_BUDGET = 100;

/** How many jobs a step of a search looks at. */
export const BROWSE_BUDGET = 500;

/** What it is to enqueue a job, beside one about which nothing is particular. Another may stand for its unique key. */
export function enqueueWork({ due, locks, extras }: NewJob): number {
  const lasting = (due === undefined ? 0 : 1) + 0.5 * (locks?.length ?? 0);
  const beside = (extras?.unique === undefined ? 0 : 8) + (extras?.priority === undefined ? 0 : 2);
  return 1 + lasting + beside;
}

const FREED_AT_ONCE = 65_536;

/** What it is to settle a job and to grant its places, beside one that completed and had none. */
export function settleWork(job: ClaimedJob, outcome: Outcome): number {
  const isMoved = outcome.kind !== 'completed' || outcome.keep !== undefined;
  return 1 + 1.5 * (job.locks?.length ?? 0) + (isMoved ? 1 : 0) + Math.floor(job.payload.length / FREED_AT_ONCE);
}

/** Adds up what goes into one step, until it is full. */
export class Step {
  readonly #most: { readonly count: number; readonly work: number };
  #count = 0;
  #work = 0;
  #characters = 0;

  constructor(most: { readonly count: number; readonly work: number }) {
    this.#most = most;
  }

  /** Whether there is room for one more, which there is for the first; then it is taken. */
  take(work: number, characters: number): boolean {
    const { count, work: most } = this.#most;
    const isFull = this.#work + work > most || this.#characters + characters > MOST_CHARACTERS;
    if (this.#count === count || (this.#count > 0 && isFull)) return false;
    this.#count += 1;
    this.#work += work;
    this.#characters += characters;
    return true;
  }
}

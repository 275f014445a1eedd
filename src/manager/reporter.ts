import { type Backend, MOST_WATCHES, type Report } from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import type { ClaimedJob } from '../core/envelope.ts';
import { newName } from '../runtime/identity.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

/** Milliseconds between two calls, however many jobs report, and however often. */
const INTERVAL = 100;
/** Milliseconds until the next try where the store could not take it. */
const RETRY_INTERVAL = 1_000;

/**
 * Tells the store how far this process's jobs say they are: the newest of each, all of them in one call, now and then. What the
 * store does not take is tried again as long as the job runs, and harms nobody.
 */
export class Reporter {
  readonly #backend: Backend;
  readonly #surroundings: Surroundings;
  readonly #caller = new Caller(newName());
  /** The runs that have reported and not ended. */
  readonly #running = new Set<ClaimedJob>();
  /** What is still to be sent. */
  readonly #pending = new Map<ClaimedJob, string>();
  /** Runs of which a report is under way. */
  #underway: readonly ClaimedJob[] = [];
  /** The last call, which settles in any case: the next one begins after it, so that the newest is the last to arrive. */
  #sent: Promise<boolean> = Promise.resolve(true);
  /** Ends the wait for the next call; null while there is none. */
  #cancel: (() => void) | null = null;
  #nextAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(backend: Backend, surroundings: Surroundings) {
    this.#backend = backend;
    this.#surroundings = surroundings;
  }

  /** Takes how far a job that runs is, as JSON text; what was said before and is not sent yet is left out. */
  report(job: ClaimedJob, progress: string): void {
    this.#running.add(job);
    this.#pending.set(job, progress);
    this.#schedule();
  }

  /** A job has ended, and reports no more. Settles when its last word is in the store; null when it is already. */
  end(job: ClaimedJob): Promise<unknown> | null {
    return this.#running.delete(job) ? this.#end(job) : null;
  }

  /** Drops what was not sent. Settles when no call is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#pending.clear();
    this.#cancel?.();
    await this.#sent;
  }

  #end(job: ClaimedJob): Promise<unknown> | null {
    const progress = this.#pending.get(job);
    this.#pending.delete(job);
    if (progress !== undefined && !this.#isStopped) return this.#send([{ job, progress }]);
    return this.#underway.includes(job) ? this.#sent : null;
  }

  #schedule(): void {
    if (this.#cancel !== null || this.#isStopped) return;
    const { clock } = this.#surroundings;
    this.#cancel = clock.after(Math.max(0, this.#nextAt - clock.monotonic()), () => void this.#flush());
  }

  async #flush(): Promise<void> {
    const { clock } = this.#surroundings;
    const begun = clock.monotonic();
    const reports = [...this.#pending].slice(0, MOST_WATCHES).map(([job, progress]) => ({ job, progress }));
    for (const { job } of reports) this.#pending.delete(job);
    this.#underway = reports.map(({ job }) => job);
    const isTaken = await this.#send(reports);
    this.#underway = [];
    for (const { job, progress } of isTaken ? [] : reports) {
      // What has been said since is newer.
      if (this.#running.has(job) && !this.#pending.has(job)) this.#pending.set(job, progress);
    }
    this.#nextAt = begun + (isTaken ? INTERVAL : RETRY_INTERVAL);
    this.#cancel = null;
    if (this.#pending.size > 0) this.#schedule();
  }

  /** Whether the store took it. */
  #send(reports: readonly Report[]): Promise<boolean> {
    this.#sent = this.#sent.then(async () => {
      try {
        await this.#caller.call((call) => this.#backend.results.report(call, reports));
        return true;
      } catch (error) {
        this.#surroundings.logger.debug({ err: error, reports: reports.length }, 'progress could not be told');
        return false;
      }
    });
    return this.#sent;
  }
}

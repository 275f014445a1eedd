import type { ClaimedJob } from '../core/envelope.ts';
import { CanceledError } from '../core/errors.ts';
import { MOST_CRASHES } from '../core/outcome.ts';
import { LazyAbortController } from '../runtime/lazy-abort.ts';

export interface Run {
  readonly job: ClaimedJob;
  readonly controller: LazyAbortController;
  /** Its result is of no use any more. */
  isDropped: boolean;
}

/** What runs in a dispatcher. */
export class Runs {
  /** Not by token: where a store has lost its newest writes and its clock is behind, one may be given out twice. */
  readonly #runs = new Set<Run>();
  #idle: (() => void)[] = [];

  get size(): number {
    return this.#runs.size;
  }

  get jobs(): readonly ClaimedJob[] {
    return [...this.#runs].map(({ job }) => job);
  }

  /**
   * Whether one runs whose process vanished so often that the next time is the last: it may be what ends them. One such job runs at
   * a time and nothing more is claimed beside it, so that it is quarantined alone, and not with all that ran with it before.
   */
  get hasSuspect(): boolean {
    for (const { job } of this.#runs) if (isSuspect(job)) return true;
    return false;
  }

  begin(job: ClaimedJob): Run {
    const run = { job, controller: new LazyAbortController(), isDropped: false };
    this.#runs.add(run);
    return run;
  }

  end(run: Run): void {
    this.#runs.delete(run);
    this.#tellIdle();
  }

  /** Aborts the signals of all. Settles when nothing runs any more. */
  async abort(reason: Error): Promise<void> {
    for (const { controller } of [...this.#runs]) controller.abort(reason);
    if (this.#runs.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Somebody wants this run cancelled: its signal aborts, and it ends as cancelled unless it completes, or fails for good. */
  cancel(token: string): void {
    for (const { job, controller } of this.#runs) {
      if (job.token !== token) continue;
      controller.abort(new CanceledError('cancelled', `job ${job.id} was cancelled`));
    }
  }

  /** Aborts all; what they give is of no use any more. */
  drop(reason: Error): void {
    for (const run of this.#runs) {
      run.isDropped = true;
      run.controller.abort(reason);
    }
  }

  /** Drops all, and counts them as ended. Returns those that were not dropped before. */
  takeAll(reason: Error): readonly ClaimedJob[] {
    const jobs = [...this.#runs].filter(({ isDropped }) => !isDropped).map(({ job }) => job);
    this.drop(reason);
    this.#runs.clear();
    this.#tellIdle();
    return jobs;
  }

  #tellIdle(): void {
    if (this.#runs.size > 0 || this.#idle.length === 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }
}

export function isSuspect({ crashes }: ClaimedJob): boolean {
  return crashes >= MOST_CRASHES - 1;
}

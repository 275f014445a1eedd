import type { ClaimedJob } from '../core/envelope.ts';
import { CanceledError } from '../core/errors.ts';
import { MOST_CRASHES, type Outcome } from '../core/outcome.ts';
import { LazyAbortController } from '../runtime/lazy-abort.ts';

/** Told of a run that has ended. */
type RunEnded = (run: Run, outcome: Outcome | null) => void;

export class Run {
  readonly job: ClaimedJob;
  readonly controller = new LazyAbortController();
  /** Counts them as they begin. */
  readonly number: number;
  /** Where it is among those that run. */
  place: number;
  /** Its result is of no use any more. */
  isDropped = false;
  readonly #ended: RunEnded;

  constructor(job: ClaimedJob, number: number, place: number, ended: RunEnded) {
    this.job = job;
    this.number = number;
    this.place = place;
    this.#ended = ended;
  }

  /** To be told once how it ended, or null where there is nothing to settle. */
  ended(outcome: Outcome | null): void {
    this.#ended(this, outcome);
  }
}

/** What runs in a dispatcher. */
export class Runs {
  /**
   * In no order. A `Set` moves to another table now and then, and V8 has the former one hold the next, and all that was in it: half of
   * the jobs would be kept so until the next full garbage collection.
   */
  readonly #runs: Run[] = [];
  #begun = 0;
  #idle: (() => void)[] = [];
  readonly #ended: RunEnded;

  constructor(ended: RunEnded) {
    this.#ended = ended;
  }

  get size(): number {
    return this.#runs.length;
  }

  /** As they began. */
  get jobs(): readonly ClaimedJob[] {
    return this.#inOrder().map(({ job }) => job);
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
    this.#begun += 1;
    const { length: place } = this.#runs;
    const run = new Run(job, this.#begun, place, this.#ended);
    this.#runs.push(run);
    return run;
  }

  end(run: Run): void {
    // Else all were taken away before.
    if (this.#runs[run.place] === run) this.#remove(run);
    this.#tellIdle();
  }

  /** Aborts the signals of all. Settles when nothing runs any more. */
  async abort(reason: Error): Promise<void> {
    for (const { controller } of this.#inOrder()) controller.abort(reason);
    if (this.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Somebody wants this run cancelled: its signal aborts, and it ends as cancelled unless it completes, or fails for good. */
  cancel(token: string): void {
    for (const { job, controller } of this.#inOrder()) {
      if (job.token !== token) continue;
      controller.abort(new CanceledError('cancelled', `job ${job.id} was cancelled`));
    }
  }

  /** Aborts all; what they give is of no use any more. */
  drop(reason: Error): void {
    for (const run of this.#inOrder()) {
      run.isDropped = true;
      run.controller.abort(reason);
    }
  }

  /** Drops all, and counts them as ended. Returns those that were not dropped before. */
  takeAll(reason: Error): readonly ClaimedJob[] {
    const jobs = this.#inOrder()
      .filter(({ isDropped }) => !isDropped)
      .map(({ job }) => job);
    this.drop(reason);
    this.#runs.length = 0;
    this.#tellIdle();
    return jobs;
  }

  #remove(run: Run): void {
    const last = this.#runs.pop();
    if (last === undefined || last === run) return;
    last.place = run.place;
    this.#runs[run.place] = last;
  }

  #inOrder(): readonly Run[] {
    return [...this.#runs].sort((one, other) => one.number - other.number);
  }

  #tellIdle(): void {
    if (this.size > 0 || this.#idle.length === 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }
}

export function isSuspect({ crashes }: ClaimedJob): boolean {
  return crashes >= MOST_CRASHES - 1;
}

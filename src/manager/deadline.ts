import { deadlineError, type Missed, missed } from '../core/deadline.ts';
import type { ClaimedJob, Due } from '../core/envelope.ts';
import { deadlineOf } from '../core/extras.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LazyAbortController } from '../runtime/lazy-abort.ts';

/**
 * When the job of one run must have ended. That is an instant of the backend's clock, and this process's may be wrong: so it is
 * reckoned once, from what the backend said the time was, and kept by the clock that never jumps.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #at: number;
  /** The same, by the monotonic clock. */
  readonly #end: number;
  #hasEndedRun = false;

  private constructor(at: number, now: number, clock: Clock) {
    this.#clock = clock;
    this.#at = at;
    this.#end = clock.monotonic() + at - now;
  }

  /** Null for a job that has none. */
  static of(job: ClaimedJob, now: number, clock: Clock): Deadline | null {
    const at = deadlineOf(job);
    return at === null ? null : new Deadline(at, now, clock);
  }

  /**
   * Has a job run within its deadline: not at all where that has passed, and no longer than until then; one that would go on
   * only afterwards has failed.
   * @param run starts it, with whom to tell of its outcome
   */
  limit(
    controller: LazyAbortController,
    run: (ended: (outcome: Outcome | null) => void) => void,
    told: (outcome: Outcome | null) => void,
  ): void {
    if (this.#left <= 0) {
      told(this.#fail('before it ran'));
      return;
    }
    const stop = this.#clock.after(this.#left, () => {
      if (controller.aborted) return;
      this.#hasEndedRun = true;
      controller.abort(deadlineError(this.#at, 'while it ran'));
    });
    run((outcome) => {
      stop();
      told(outcome === null ? null : this.#judge(outcome));
    });
  }

  #judge(outcome: Outcome): Outcome {
    switch (outcome.kind) {
      case 'completed':
      case 'released':
        // One that gives up when its signal aborts may well return without an error: that is no success.
        return this.#hasEndedRun ? this.#fail('while it ran') : outcome;
      case 'retry':
        if (this.#hasEndedRun) return this.#fail('while it ran', outcome.failure);
        return outcome.delay < this.#left ? outcome : this.#fail('before it would be tried again', outcome.failure);
      case 'snoozed':
        if (this.#hasEndedRun) return this.#fail('while it ran');
        return this.#isInTime(outcome.due) ? outcome : this.#fail('before it would be tried again');
      default:
        return outcome;
    }
  }

  get #left(): number {
    return this.#end - this.#clock.monotonic();
  }

  #isInTime(due: Due): boolean {
    return 'at' in due ? due.at < this.#at : due.in < this.#left;
  }

  #fail(when: Missed, cause?: Failure): Outcome {
    return { kind: 'failed', failure: missed(this.#at, when, cause) };
  }
}

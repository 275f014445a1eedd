import { deadlineError, type Missed, missed } from '../core/deadline.ts';
import type { ClaimedJob, Due } from '../core/envelope.ts';
import { deadlineOf } from '../core/extras.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import { Alarm } from '../runtime/alarms.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LazyAbortController } from '../runtime/lazy-abort.ts';

/**
 * When the job of one run must have ended. That is an instant of the backend's clock, and this process's may be wrong: so it is
 * reckoned once, from what the backend said the time was, and kept by the clock that never jumps.
 */
export class Deadline extends Alarm {
  readonly #clock: Clock;
  readonly #at: number;
  /** The same, by the monotonic clock. */
  readonly #end: number;
  #controller: LazyAbortController | null = null;
  #hasEndedRun = false;

  private constructor(at: number, now: number, clock: Clock) {
    super();
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
   * Has a run that begins now end when the deadline passes. Where it has passed already, the run must not begin, and this is how it
   * has ended; else null.
   */
  limit(controller: LazyAbortController): Outcome | null {
    const left = this.#left;
    if (left <= 0) return this.#fail('before it ran');
    this.#controller = controller;
    this.#clock.set(this, left);
    return null;
  }

  ring(): void {
    if (this.#controller === null || this.#controller.aborted) return;
    this.#hasEndedRun = true;
    this.#controller.abort(deadlineError(this.#at, 'while it ran'));
  }

  /** How the run has ended, where it ended so by itself: one that would go on only after the deadline has failed. */
  judge(outcome: Outcome | null): Outcome | null {
    this.#clock.callOff(this);
    if (outcome === null) return null;
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

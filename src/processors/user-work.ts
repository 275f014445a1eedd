import { WingmanError } from '../core/errors.ts';
import { Alarm } from '../runtime/alarms.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AbortWatcher } from '../runtime/lazy-abort.ts';
import { type Attempt, REACTION_TIME } from './processor.ts';
import type { Chargeable } from './stray-rejections.ts';

/** How a step of an attempt ended: the value that goes through the pipeline. */
export type Ended =
  | { readonly how: 'returned'; readonly value: unknown }
  | { readonly how: 'threw'; readonly thrown: unknown }
  /** No later attempt could do better. */
  | { readonly how: 'refused'; readonly thrown: unknown }
  | { readonly how: 'stopped' }
  /** Held for its lock, or taken away. */
  | { readonly how: 'gone' };

const STOPPED: Ended = { how: 'stopped' };

/**
 * User code that runs until it ends, its time is up, or the manager stops. What it is charged with (a rejection that nobody handles)
 * ends it as if it had thrown that. After an abort it has `REACTION_TIME` to end by itself, so that it seldom runs on beside the one
 * who gets its lock next; then it is abandoned. One object for each, and hardly a function: there is one for each job.
 */
export abstract class UserWork extends Alarm implements AbortWatcher, Chargeable {
  protected readonly attempt: Attempt;
  readonly #clock: Clock;
  /** An abort's reason of its own, so that it can be told from the manager's reasons even if it is one of them. */
  #fault: { readonly thrown: unknown } | null = null;
  #timeout = 0;
  #isOver = false;

  constructor(attempt: Attempt, clock: Clock) {
    super();
    this.attempt = attempt;
    this.#clock = clock;
  }

  protected abstract work(): unknown;

  /** Called once, maybe before `start` returns. */
  protected abstract ended(ended: Ended): void;

  /**
   * Runs it for so many milliseconds at most, or without a limit.
   * @param now what the clock that never jumps says, where that is known
   */
  start(timeout: number | null, now?: number): void {
    const { controller } = this.attempt;
    if (controller.aborted) {
      this.ended(STOPPED);
      return;
    }
    controller.watcher = this;
    if (timeout !== null) {
      this.#timeout = timeout;
      this.#clock.set(this, timeout, now);
    }
    let value: unknown;
    try {
      value = this.work();
    } catch (thrown) {
      this.#settled({ how: 'threw', thrown });
      return;
    }
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
      this.#settled({ how: 'returned', value });
      return;
    }
    Promise.resolve(value).then(
      (resolved) => this.#settled({ how: 'returned', value: resolved }),
      (thrown: unknown) => this.#settled({ how: 'threw', thrown }),
    );
  }

  /** Its time is up, or after an abort that to end by itself. */
  ring(): void {
    if (this.attempt.controller.aborted) this.#over(null);
    else
      this.#fail(
        new WingmanError('WINGMAN_TIMEOUT', `the attempt took longer than its timeout of ${this.#timeout} ms`),
      );
  }

  charge(thrown: unknown): void {
    if (!this.#isOver) this.#fail(thrown);
    else this.attempt.log.warn({ err: thrown }, 'a rejection of an attempt that has ended was not handled');
  }

  #fail(thrown: unknown): void {
    const { controller } = this.attempt;
    if (controller.aborted) return;
    this.#fault = { thrown };
    controller.abort(thrown);
  }

  aborted(): void {
    this.#clock.set(this, REACTION_TIME);
  }

  #settled(ended: Ended): void {
    if (this.#isOver) logLate(this.attempt, ended);
    else this.#over(ended);
  }

  /** @param ended null when it was abandoned */
  #over(ended: Ended | null): void {
    const { controller } = this.attempt;
    this.#isOver = true;
    this.#clock.callOff(this);
    controller.watcher = null;
    this.ended(controller.aborted ? this.#judge(ended) : (ended ?? STOPPED));
  }

  /** A handler that gives up when its signal aborts may well return without an error: that is no success. */
  #judge(ended: Ended | null): Ended {
    if (this.#fault !== null) return { how: 'threw', thrown: this.#fault.thrown };
    return ended?.how === 'returned' ? ended : STOPPED;
  }
}

function logLate({ log }: Attempt, late: Ended): void {
  if (late.how === 'threw')
    log.warn({ err: late.thrown }, 'an abandoned handler threw at last; its job was settled before');
  else log.warn({}, 'an abandoned handler returned at last; its job was settled before');
}

import { WingmanError } from '../core/errors.ts';
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
  | { readonly how: 'damaged'; readonly reason: string }
  | { readonly how: 'stopped' }
  /** Held for its lock, or taken away. */
  | { readonly how: 'gone' };

const STOPPED: Ended = { how: 'stopped' };

/**
 * User code that runs until it ends, its time is up, or the manager stops. What it is charged with (a rejection that nobody handles)
 * ends it as if it had thrown that. After an abort it has `REACTION_TIME` to end by itself, so that it seldom runs on beside the one
 * who gets its lock next; then it is abandoned.
 */
export class UserWork implements AbortWatcher, Chargeable {
  readonly #attempt: Attempt;
  readonly #clock: Clock;
  readonly #end: (ended: Ended) => void;
  /** An abort's reason of its own, so that it can be told from the manager's reasons even if it is one of them. */
  #fault: { readonly thrown: unknown } | null = null;
  #cancelTimeout: (() => void) | null = null;
  #cancelReaction: (() => void) | null = null;
  #isOver = false;

  /** @param end called once, maybe before `start` returns */
  constructor(attempt: Attempt, clock: Clock, end: (ended: Ended) => void) {
    this.#attempt = attempt;
    this.#clock = clock;
    this.#end = end;
  }

  /** Runs `work` for so many milliseconds at most, or without a limit. */
  start(timeout: number | null, work: () => unknown): void {
    const { controller } = this.#attempt;
    if (controller.aborted) {
      this.#end(STOPPED);
      return;
    }
    controller.watcher = this;
    if (timeout !== null) this.#cancelTimeout = this.#clock.after(timeout, () => this.#timeIsUp(timeout));
    let value: unknown;
    try {
      value = work();
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

  #timeIsUp(timeout: number): void {
    this.#fail(new WingmanError('WINGMAN_TIMEOUT', `the attempt took longer than its timeout of ${timeout} ms`));
  }

  charge(thrown: unknown): void {
    if (!this.#isOver) this.#fail(thrown);
    else this.#attempt.log.warn({ err: thrown }, 'a rejection of an attempt that has ended was not handled');
  }

  #fail(thrown: unknown): void {
    const { controller } = this.#attempt;
    if (controller.aborted) return;
    this.#fault = { thrown };
    controller.abort(thrown);
  }

  aborted(): void {
    this.#cancelReaction = this.#clock.after(REACTION_TIME, () => this.#over(null));
  }

  #settled(ended: Ended): void {
    if (this.#isOver) logLate(this.#attempt, ended);
    else this.#over(ended);
  }

  /** @param ended null when it was abandoned */
  #over(ended: Ended | null): void {
    const { controller } = this.#attempt;
    this.#isOver = true;
    this.#cancelTimeout?.();
    this.#cancelReaction?.();
    controller.watcher = null;
    this.#end(controller.aborted ? this.#judge(ended) : (ended ?? STOPPED));
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

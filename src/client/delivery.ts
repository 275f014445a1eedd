import { begun } from '../core/begun.ts';
import { BackendError, type Fate, messageOf } from '../core/errors.ts';
import { Alarm } from '../runtime/alarms.ts';
import type { Clock } from '../runtime/clock.ts';

const FIRST_WAIT = 50;
const LONGEST_WAIT = 1_000;
// A try that is cut short by the end of the time has an unknown fate: where so little is left, none is begun.
const SHORTEST_TRY = 1_000;

/** A call that met no answer in time. */
export class Undelivered extends Error {
  readonly fate: Fate;

  constructor(fate: Fate, cause: unknown) {
    super(messageOf(cause), { cause });
    this.fate = fate;
  }
}

/** A call that is to be made, and is told what has become of it. */
export interface Parcel<Reply> {
  /** Makes it, under one call id each time, so that it is done once. */
  send(): Promise<Reply>;
  delivered(reply: Reply): void;
  /** @param error Undelivered when the time is up; what `send` rejected with where trying again is of no use */
  failed(error: unknown): void;
}

/** Makes a call again and again while the store is out of reach, for `timeout` milliseconds. */
export function deliver<Reply>(parcel: Parcel<Reply>, timeout: number, clock: Clock): void {
  new Delivery(parcel, timeout, clock).begin();
}

/** One object for each call, and hardly a function: nearly always the first try is answered. Rings when a try has lasted too long, and after each wait. */
class Delivery<Reply> extends Alarm {
  readonly #parcel: Parcel<Reply>;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #end: number;
  /** Counts the tries. */
  #number = 0;
  #isTrying = false;
  #wait = FIRST_WAIT;
  #fate: Fate = 'not done';

  constructor(parcel: Parcel<Reply>, timeout: number, clock: Clock) {
    super();
    this.#parcel = parcel;
    this.#clock = clock;
    this.#timeout = timeout;
    this.#end = clock.monotonic() + timeout;
  }

  begin(): void {
    this.#try(this.#timeout);
  }

  ring(): void {
    if (!this.#isTrying) {
      this.#try(Math.max(0, this.#left));
      return;
    }
    this.#isTrying = false;
    this.#unanswered('unknown', new Error('no answer in time'));
  }

  get #left(): number {
    return this.#end - this.#clock.monotonic();
  }

  /** Given up after `limit` milliseconds: it may then still be on its way. */
  #try(limit: number): void {
    this.#number += 1;
    const number = this.#number;
    this.#isTrying = true;
    this.#clock.set(this, limit);
    begun(() => this.#parcel.send()).then(
      (reply) => {
        if (this.#ended(number)) this.#parcel.delivered(reply);
      },
      (error: unknown) => {
        if (!this.#ended(number)) return;
        if (error instanceof BackendError && error.isTransient) this.#unanswered(error.fate, error);
        else this.#parcel.failed(error);
      },
    );
  }

  /** Whether this try was not given up before. */
  #ended(number: number): boolean {
    if (!this.#isTrying || number !== this.#number) return false;
    this.#isTrying = false;
    this.#clock.callOff(this);
    return true;
  }

  #unanswered(fate: Fate, cause: unknown): void {
    // A try of which nothing is known is not made good by a later one that was refused.
    if (fate === 'unknown') this.#fate = fate;
    const left = this.#left;
    if (left <= Math.min(SHORTEST_TRY, this.#timeout / 2)) {
      this.#parcel.failed(new Undelivered(this.#fate, cause));
      return;
    }
    this.#clock.set(this, Math.min(this.#wait, left));
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
  }
}

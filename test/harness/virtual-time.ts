import type { Alarm } from '../../src/runtime/alarms.ts';
import type { Clock } from '../../src/runtime/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A time that passes only while the test lets it, and then as fast as what goes on in it allows. */
export class VirtualTime {
  /** Of the time that never jumps. */
  #now: number;
  /** How far what a clock on the wall shows has jumped. */
  #jumped = 0;
  /** Who is woken next stands last. */
  readonly #sleepers: Sleeper[] = [];
  readonly #alarms = new Map<Alarm, () => void>();

  constructor(start: number) {
    this.#now = start;
  }

  /** What a clock on the wall shows. */
  get now(): number {
    return this.#now + this.#jumped;
  }

  /** Sets the clock on the wall forward, or back. */
  jump(milliseconds: number): void {
    this.#jumped += milliseconds;
  }

  /** A clock of this time. */
  clock(): Clock {
    return {
      now: () => this.now,
      monotonic: () => this.#now,
      turn: async () => undefined,
      after: (milliseconds, callback) => this.#add(milliseconds, callback),
      set: (alarm, milliseconds) => {
        this.#callOff(alarm);
        const ring = (): void => {
          this.#alarms.delete(alarm);
          alarm.ring();
        };
        this.#alarms.set(alarm, this.#add(milliseconds, ring));
      },
      callOff: (alarm) => this.#callOff(alarm),
      sleep: (milliseconds, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) {
            resolve(false);
            return;
          }
          const abort = (): void => {
            forget();
            resolve(false);
          };
          const forget = this.#add(milliseconds, () => {
            signal?.removeEventListener('abort', abort);
            resolve(true);
          });
          signal?.addEventListener('abort', abort, { once: true });
        }),
    };
  }

  /** Lets time pass until the clock on the wall shows an instant. */
  async passTo(instant: number): Promise<void> {
    const end = instant - this.#jumped;
    for (;;) {
      await settled();
      const next = this.#sleepers.at(-1);
      if (next === undefined || next.at > end) break;
      this.#sleepers.pop();
      this.#now = next.at;
      next.wake();
    }
    this.#now = end;
  }

  #callOff(alarm: Alarm): void {
    this.#alarms.get(alarm)?.();
    this.#alarms.delete(alarm);
  }

  #add(milliseconds: number, wake: () => void): () => void {
    const sleeper = { at: this.#now + Math.max(0, milliseconds), wake };
    // Of two that wake at the same instant, the one that has slept longer is first.
    const index = this.#sleepers.findIndex(({ at }) => at <= sleeper.at);
    this.#sleepers.splice(index < 0 ? this.#sleepers.length : index, 0, sleeper);
    return () => {
      const at = this.#sleepers.indexOf(sleeper);
      if (at >= 0) this.#sleepers.splice(at, 1);
    };
  }
}

/** When every promise that can be settled without time passing is. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

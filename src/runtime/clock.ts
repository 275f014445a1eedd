import { type Alarm, Alarms, LONGEST_TIMER } from './alarms.ts';

/**
 * The two clocks of a process, and its timers. They are handed in everywhere, so nothing else asks the system for the time.
 */
export interface Clock {
  /** An instant that may be stored: milliseconds since the epoch. It may jump. */
  now(): number;
  /** For durations: milliseconds since some start. It never jumps and never goes back. */
  monotonic(): number;
  /** Resolves after `milliseconds`, or at once when the signal aborts: true when the time passed, false when aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<boolean>;
  /** Calls `callback` once, `milliseconds` from now, unless the function that it returns is called before. */
  after(milliseconds: number, callback: () => void): () => void;
  /**
   * Has an alarm ring once, `milliseconds` from now; where it was set before, at its new time only.
   * @param now what `monotonic` says: who has just asked need not ask again
   */
  set(alarm: Alarm, milliseconds: number, now?: number): void;
  /** Has an alarm not ring; nothing happens where it is not set. */
  callOff(alarm: Alarm): void;
  /** Resolves when all that is ready in this turn of the event loop has run. */
  turn(): Promise<void>;
}

const alarms = new Alarms();

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve(false);
        return;
      }
      const end = (passed: boolean) => () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        resolve(passed);
      };
      const abort = end(false);
      const timer = setTimeout(end(true), Math.min(milliseconds, LONGEST_TIMER));
      signal?.addEventListener('abort', abort, { once: true });
    }),
  after: (milliseconds, callback) => alarms.after(milliseconds, callback),
  set: (alarm, milliseconds, now) => alarms.set(alarm, milliseconds, now),
  callOff: (alarm) => alarms.callOff(alarm),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

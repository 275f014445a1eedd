import { AsyncResource } from 'node:async_hooks';

/** Rings once when its time has come, unless it is called off before. Whoever is limited in time may be one. */
export abstract class Alarm {
  /** By the clock that never jumps. */
  end = 0;
  /** Where it is among those that are set; below 0 when it is not. */
  place = -1;

  abstract ring(): void;
}

class Callback extends Alarm {
  readonly ring: () => void;

  constructor(ring: () => void) {
    super();
    this.ring = ring;
  }
}

// Node fires a longer timer at once, with a warning.
export const LONGEST_TIMER = 2_147_483_647;

/**
 * Limits in time, nearly all of which are called off: each job and each call has one, and a timer of Node's for each would take longer to
 * make and to cancel than the rest of a small job. One timer serves them all. It keeps the process alive only while there is any.
 */
export class Alarms {
  readonly #alarms: Alarm[] = [];
  #timer: NodeJS.Timeout | null = null;
  /** When the timer fires; it may be sooner than any of them ends. */
  #next = Number.POSITIVE_INFINITY;

  /** In nobody's context: else what one rings would run in that of whoever happened to set the timer. */
  readonly #ringAll = AsyncResource.bind(() => this.#ring());

  /** Calls `ring` once, `milliseconds` from now and never sooner, unless the function that it returns is called before. */
  after(milliseconds: number, ring: () => void): () => void {
    const alarm = new Callback(ring);
    this.set(alarm, milliseconds);
    return () => this.callOff(alarm);
  }

  /** Has an alarm ring `milliseconds` from now and never sooner: at that time only, if it was set before. */
  set(alarm: Alarm, milliseconds: number, now = performance.now()): void {
    alarm.end = now + milliseconds;
    if (alarm.place < 0) {
      alarm.place = this.#alarms.length;
      this.#alarms.push(alarm);
    }
    if (this.#timer === null || alarm.end < this.#next) this.#arm(alarm.end);
    else if (this.#alarms.length === 1) this.#timer.ref();
  }

  /** Nothing happens where it is not set. */
  callOff(alarm: Alarm): void {
    if (alarm.place < 0) return;
    const last = this.#alarms.pop();
    if (last !== undefined && last !== alarm) {
      last.place = alarm.place;
      this.#alarms[alarm.place] = last;
    }
    alarm.place = -1;
    if (this.#alarms.length === 0) this.#timer?.unref();
  }

  #arm(end: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#next = end;
    const left = Math.ceil(Math.max(0, end - performance.now()));
    this.#timer = setTimeout(this.#ringAll, Math.min(left, LONGEST_TIMER));
  }

  #ring(): void {
    this.#timer = null;
    const now = performance.now();
    const due = this.#alarms.filter(({ end }) => end <= now).sort((one, other) => one.end - other.end);
    for (const alarm of due) {
      // Called off by one before it, or set anew.
      if (alarm.place < 0 || alarm.end > now) continue;
      this.callOff(alarm);
      ringAlone(alarm);
    }
    if (this.#alarms.length > 0) this.#arm(this.#alarms.reduce((least, { end }) => Math.min(least, end), Infinity));
  }
}

/** What one throws must not cost the others their turn: it is thrown where nobody catches it, as from a timer of its own. */
function ringAlone(alarm: Alarm): void {
  try {
    alarm.ring();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

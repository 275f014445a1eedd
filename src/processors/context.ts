import type { Context, RateControl } from '../core/job.ts';
import { checkKey } from '../core/lock.ts';
import type { Logger } from '../core/log.ts';
import { encodePayload, MAX_PROGRESS_BYTES } from '../core/payload.ts';
import { restOf } from '../core/verdict.ts';
import type { Attempt } from './processor.ts';

/** What a handler gets beside its input. What few handlers ask for is made when one does. */
export class JobContext implements Context {
  readonly id: string;
  readonly attempt: number;
  readonly token: string;
  readonly schedule?: { readonly name: string; readonly tick: Date };
  readonly #attempt: Attempt;

  constructor(attempt: Attempt) {
    const { id, attempts, token, extras } = attempt.job;
    this.id = id;
    this.attempt = attempts + 1;
    this.token = token;
    this.#attempt = attempt;
    const schedule = extras?.schedule;
    if (schedule !== undefined) this.schedule = { name: schedule.name, tick: new Date(schedule.tick) };
  }

  get signal(): AbortSignal {
    return this.#attempt.controller.signal;
  }

  get log(): Logger {
    return this.#attempt.log;
  }

  // Functions and not methods: they are taken out of the context by those who use them.
  get progress(): (value: unknown) => void {
    const attempt = this.#attempt;
    return (value) => attempt.report(encodePayload(value, attempt.job.type, MAX_PROGRESS_BYTES, 'progress'));
  }

  get limit(): (key: string) => RateControl {
    const attempt = this.#attempt;
    return (key) => rateControl(attempt, key);
  }
}

function rateControl(attempt: Attempt, key: string): RateControl {
  const name = checkKey(key, 'key');
  return {
    pauseUntil: async (until) => attempt.pauseRate(name, restOf({ until })),
    pauseFor: async (duration) => attempt.pauseRate(name, restOf({ for: duration })),
  };
}

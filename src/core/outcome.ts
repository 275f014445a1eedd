import type { Due } from './envelope.ts';
import { messageOf } from './errors.ts';
import type { Keep } from './keep.ts';

/** Whether a job goes on later after it ended so. */
export function goesOn({ kind }: Outcome): boolean {
  return kind === 'retry' || kind === 'snoozed' || kind === 'released' || kind === 'parked';
}

/** How one attempt ended, and where the job goes next. */
export type Outcome =
  /**
   * Done: gone from the books, or kept in them for as long as `keep` says. `counted: false` leaves the counter of successful
   * jobs alone: the one-at-a-time stages count by themselves. `result` is JSON text, and kept with the job: one that is not
   * kept has none.
   */
  | { readonly kind: 'completed'; readonly counted?: boolean; readonly keep?: Keep; readonly result?: string }
  /** Again after `delay` milliseconds, with one attempt used. `took`: how long the attempt ran, in milliseconds. */
  | { readonly kind: 'retry'; readonly delay: number; readonly failure: Failure; readonly took?: number }
  /** Kept as failed, with one attempt used. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly took?: number; readonly counted?: boolean }
  /** Put off by its own handler; no attempt is used. */
  | { readonly kind: 'snoozed'; readonly due: Due }
  /**
   * Back to the front of its queue; no attempt is used, and its crashes are forgotten. `untried` leaves those as they are:
   * the job did not run.
   */
  | { readonly kind: 'released'; readonly untried?: boolean }
  /** Put aside until a manager comes that knows its type; no attempt is used. */
  | { readonly kind: 'parked'; readonly reason: string }
  /** Its stored form is damaged: moved to the dead letters with its raw bytes. */
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'cancelled' };

/** What went wrong in one attempt, in a form that JSON holds. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: Failure;
}

/** One failed attempt, as kept with the job. */
export interface FailedAttempt extends Failure {
  /** Which run it was, from 1. */
  readonly attempt: number;
  readonly worker: string;
  /** When it was settled, in milliseconds since the epoch by the backend's clock. */
  readonly at: number;
  /** How long it ran, in milliseconds; left out where that is not known. */
  readonly took?: number;
}

/** So many runs in a row whose process vanished, and a job is quarantined: kept as failed, whatever attempts are left. */
export const MOST_CRASHES = 3;

/** What is kept with a job that is quarantined. */
export const CRASHED: Failure = {
  name: 'CrashError',
  message: `the process that ran it vanished ${MOST_CRASHES} times in a row`,
  code: 'WINGMAN_CRASHED',
};

/** How many failed attempts are kept with a job: the newest ones. */
export const KEPT_ATTEMPTS = 25;

/** A kept failure as an Error, to be thrown again or be the cause of one. */
export function toError({ name, message, code, stack, cause }: Failure): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: toError(cause) });
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  // That of the handler, in its process: where it was read here says nothing.
  Object.defineProperty(error, 'stack', { value: stack ?? `${name}: ${message}`, configurable: true, writable: true });
  return code === undefined ? error : Object.assign(error, { code });
}

const LONGEST_TEXT = 2_000;
const LONGEST_STACK = 6_000;
const DEEPEST_CAUSE = 3;

/** Describes anything that was thrown, an Error or not. Never throws; never more than 16 KiB of JSON for plain text. */
export function toFailure(thrown: unknown, depth = 0): Failure {
  try {
    if (!(thrown instanceof Error)) return { name: 'NonError', message: cut(messageOf(thrown), LONGEST_TEXT) };
    const code: unknown = Reflect.get(thrown, 'code');
    const hasCode = typeof code === 'string' || typeof code === 'number';
    return {
      name: cut(String(thrown.name), 200),
      message: cut(String(thrown.message), LONGEST_TEXT),
      ...(hasCode && { code: cut(String(code), 200) }),
      ...(depth === 0 && typeof thrown.stack === 'string' && { stack: cut(thrown.stack, LONGEST_STACK) }),
      ...(thrown.cause !== undefined && depth < DEEPEST_CAUSE && { cause: toFailure(thrown.cause, depth + 1) }),
    };
  } catch {
    // A getter of the thrown object threw in its turn.
    return { name: 'Unprintable', message: 'what was thrown cannot be read' };
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

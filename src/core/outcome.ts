import { messageOf } from './errors.ts';

/** How one attempt ended, and where the job goes next. */
export type Outcome =
  /** Done. `counted: false` leaves the counter of successful jobs alone: the one-at-a-time stages count by themselves. */
  | { readonly kind: 'completed'; readonly counted?: boolean }
  /** Again after `delay` milliseconds, with one attempt used. */
  | { readonly kind: 'retry'; readonly delay: number; readonly failure: Failure }
  /** Kept as failed, with one attempt used. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly counted?: boolean }
  /** Back to the front of its queue; no attempt is used. */
  | { readonly kind: 'released' }
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
}

/** How many failed attempts are kept with a job: the newest ones. */
export const KEPT_ATTEMPTS = 25;

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

import { type Duration, toMilliseconds } from './duration.ts';
import { InvalidOptionError } from './errors.ts';
import { checkNames } from './options.ts';

/** How long to wait after a failed attempt: by a named curve, or by a function of your own. */
export type Backoff =
  | 'exponential'
  | 'linear'
  | 'fixed'
  | {
      readonly kind: 'exponential' | 'linear' | 'fixed';
      /** The first wait; 2 s when left out. */
      readonly delay?: Duration;
      /** No wait is longer; 1 hour when left out, or the delay where that is longer. */
      readonly cap?: Duration;
      /** The share by which a wait varies at random, up and down, from 0 to 1; 0.2 when left out. */
      readonly jitter?: number;
    }
  /** Given the number of attempts used so far (1 after the first failure) and what was thrown. */
  | ((attempts: number, error: unknown) => Duration);

export interface RetryOptions {
  /** How often the job may run, the first run included; 10 when left out. 1 means no retries. */
  readonly attempts?: number;
  readonly backoff?: Backoff;
}

/** A retry policy with every choice made. Lengths are milliseconds. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delayAfter: (attempts: number, error: unknown, random: number) => number;
}

const DEFAULT_ATTEMPTS = 10;
const DEFAULT_DELAY = 2_000;
const DEFAULT_CAP = 3_600_000;
const DEFAULT_JITTER = 0.2;

/**
 * Reads retry options once, when the job type is defined.
 * @throws InvalidOptionError for a policy that makes no sense.
 */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  checkNames(options, ['attempts', 'backoff'], 'retry');
  const attempts = options.attempts ?? DEFAULT_ATTEMPTS;
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new InvalidOptionError('retry.attempts', 'a whole number of at least 1', attempts);
  }
  return { attempts, delayAfter: delayFunction(options.backoff ?? 'exponential') };
}

function delayFunction(backoff: Backoff): RetryPolicy['delayAfter'] {
  if (typeof backoff === 'function') {
    return (attempts, error) => toMilliseconds(backoff(attempts, error), 'retry.backoff');
  }
  if (typeof backoff !== 'string') checkNames(backoff, ['kind', 'delay', 'cap', 'jitter'], 'retry.backoff');
  const { kind, delay, cap, jitter } = typeof backoff === 'string' ? { kind: backoff } : { ...backoff };
  if (kind !== 'exponential' && kind !== 'linear' && kind !== 'fixed') {
    throw new InvalidOptionError('retry.backoff', "'exponential', 'linear', 'fixed' or a function", backoff);
  }
  const first = delay === undefined ? DEFAULT_DELAY : toMilliseconds(delay, 'retry.backoff.delay');
  // A first wait that is longer was meant so.
  const most = cap === undefined ? Math.max(DEFAULT_CAP, first) : toMilliseconds(cap, 'retry.backoff.cap');
  if (most < first) throw new InvalidOptionError('retry.backoff.cap', `at least the delay, ${first} ms`, cap);
  const share = jitter ?? DEFAULT_JITTER;
  if (!(share >= 0 && share <= 1)) throw new InvalidOptionError('retry.backoff.jitter', 'from 0 to 1', share);

  return (attempts, _error, random) => {
    // Bounded, since nothing times infinity is not a number.
    const factor = kind === 'exponential' ? 2 ** Math.min(attempts - 1, 1_000) : kind === 'linear' ? attempts : 1;
    const wait = Math.min(most, first * factor);
    return Math.round(Math.min(most, wait * (1 + share * (2 * random - 1))));
  };
}

import { type Duration, toMilliseconds } from './duration.ts';
import { InvalidOptionError } from './errors.ts';
import type { Unique } from './extras.ts';
import { checkNames } from './options.ts';

/**
 * What an enqueue does that finds its key taken. `keep`: nothing. `replace`: the job that stands is cancelled, unless it runs,
 * and the new one stands. `extend`: the job that stands is put off to the new one's due time, where it is scheduled and that is
 * later, and a time that its key is taken `for` starts anew. `reject`: it fails.
 */
export type OnConflict = 'keep' | 'replace' | 'extend' | 'reject';

interface UniqueChoices {
  /**
   * `waiting`: the key is taken until the job is first claimed. `until done`: until the job has completed or failed for good, or
   * is gone. When left out, and `for` too: `until done`.
   */
  readonly while?: 'waiting' | 'until done';
  /** For so long from the enqueue, whatever becomes of the job. At most one of `while` and `for` may be given. */
  readonly for?: Duration;
  /** `keep` when left out. It is the new job's word that counts, and the `while` or `for` of the one that stands. */
  readonly onConflict?: OnConflict;
}

/** Of the jobs of one type with the same key, one stands at a time. */
export interface UniqueOptions extends UniqueChoices {
  /** 1 to 512 characters without NUL. A job of another type with the same key is no conflict. */
  readonly key: string;
}

/** A job type's rule: a function that gives it for each input (nothing: this one is not unique), or its choices with a key function. */
export type UniqueRule<Input> =
  | ((input: Input) => UniqueOptions | null | undefined)
  | (UniqueChoices & { readonly key: (input: Input) => string });

/** A job's uniqueness, checked: what is stored of it, and what its enqueue does at a conflict. */
export interface Uniqueness {
  readonly unique: Unique;
  readonly onConflict: OnConflict;
}

// As for lock keys: a lone surrogate has no form in UTF-8, and SQLite ends a text at a NUL.
const KEY = /^[^\p{Surrogate}]{1,512}$/u;
const CHOICES = ['while', 'for', 'onConflict'];

/** @throws InvalidOptionError */
export function uniqueness(options: UniqueOptions | false | null | undefined): Uniqueness | null {
  if (options === undefined || options === null || options === false) return null;
  checkNames(options, ['key', ...CHOICES], 'unique');
  const { key } = options;
  if (typeof key !== 'string' || !KEY.test(key) || key.includes('\0')) {
    throw new InvalidOptionError('unique.key', 'text of 1 to 512 characters without NUL', key);
  }
  return { unique: { key, while: takenFor(options) }, onConflict: conflictOf(options) };
}

/**
 * A type's rule in the form of a function, with what can be checked at once.
 * @throws InvalidOptionError
 */
export function uniqueFunction<Input>(
  rule: UniqueRule<Input> | undefined,
): ((input: Input) => UniqueOptions | null | undefined) | undefined {
  if (rule === undefined || typeof rule === 'function') return rule;
  checkNames(rule, ['key', ...CHOICES], 'unique');
  const { key, ...choices } = rule;
  if (typeof key !== 'function') throw new InvalidOptionError('unique.key', 'a function of the input', key);
  takenFor(choices);
  conflictOf(choices);
  return (input) => ({ ...choices, key: key(input) });
}

function takenFor({ while: state, for: time }: UniqueChoices): Unique['while'] {
  if (time === undefined) {
    if (state === undefined || state === 'until done' || state === 'waiting') return state ?? 'until done';
    throw new InvalidOptionError('unique.while', "'waiting' or 'until done'", state);
  }
  if (state !== undefined) throw new InvalidOptionError('unique.for', 'left out where while is given', time);
  const milliseconds = toMilliseconds(time, 'unique.for');
  if (milliseconds > 0) return milliseconds;
  throw new InvalidOptionError('unique.for', 'longer than 0', time);
}

function conflictOf({ onConflict = 'keep' }: UniqueChoices): OnConflict {
  if (['keep', 'replace', 'extend', 'reject'].includes(onConflict)) return onConflict;
  throw new InvalidOptionError('unique.onConflict', "'keep', 'replace', 'extend' or 'reject'", onConflict);
}

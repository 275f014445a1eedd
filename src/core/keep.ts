import { type Duration, toMilliseconds } from './duration.ts';
import { InvalidOptionError } from './errors.ts';

/** How long jobs that have ended are kept: no longer than `for`, and no more than `count` of them; null for no such limit. */
export interface Keep {
  /** Milliseconds. */
  readonly for: number | null;
  readonly count: number | null;
}

/** As one writes it: `'1 day'` for a time, `1000` for a number of jobs, or both: `{ for: '1 day', count: 1000 }`. */
export type KeepOptions = string | number | { readonly for?: Duration; readonly count?: number };

/**
 * Reads a rule for how long ended jobs are kept; null for none.
 * @throws InvalidOptionError for a rule that keeps nothing, or makes no sense; `option` names it in the message
 */
export function keepRule(options: KeepOptions | undefined, option: string): Keep | null {
  if (options === undefined) return null;
  if (typeof options === 'string') return { for: time(options, option), count: null };
  if (typeof options === 'number') return { for: null, count: number(options, option) };
  if (typeof options !== 'object' || options === null || Object.keys(options).some((name) => !isKnown(name))) {
    throw new InvalidOptionError(option, "a time such as '1 day', a number of jobs, or { for, count }", options);
  }
  const { for: duration, count } = options;
  if (duration === undefined && count === undefined) {
    throw new InvalidOptionError(
      option,
      "a rule that keeps something, as '1 day' or { for: '1 day', count: 1000 }",
      options,
    );
  }
  return {
    for: duration === undefined ? null : time(duration, `${option}.for`),
    count: count === undefined ? null : number(count, `${option}.count`),
  };
}

function isKnown(name: string): boolean {
  return name === 'for' || name === 'count';
}

function time(duration: Duration, option: string): number {
  const milliseconds = toMilliseconds(duration, option);
  if (milliseconds > 0) return milliseconds;
  throw new InvalidOptionError(option, 'longer than 0: a rule must keep something', duration);
}

function number(count: number, option: string): number {
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidOptionError(option, 'a whole number of at least 1: a rule must keep something', count);
}

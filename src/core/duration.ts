import { InvalidOptionError } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
};

/** Some 127,000 years: from any day of ours on, it ends at an instant that a Date can still be. */
const LONGEST = 4e15;

/**
 * A length of time: milliseconds as a number, or text such as `'250ms'`, `'30s'`, `'5m'`, `'1.5h'`, `'2 days'`.
 */
export type Duration = number | string;

/**
 * Reads a duration as whole milliseconds.
 * @throws InvalidOptionError when it is negative, longer than any Date could tell, or no duration at all; `option` names it in the message.
 */
export function toMilliseconds(duration: Duration, option: string): number {
  const milliseconds = typeof duration === 'number' ? duration : parse(duration);
  // 0 is a duration.
  if (!(milliseconds >= 0 && milliseconds <= LONGEST)) {
    throw new InvalidOptionError(option, "a duration such as 1500 (milliseconds), '30s' or '5 minutes'", duration);
  }
  return Math.round(milliseconds);
}

function parse(text: string): number {
  if (typeof text !== 'string') return Number.NaN;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text);
  const [, amount, name] = match ?? [];
  if (amount === undefined || name === undefined) return Number.NaN;
  const lower = name.toLowerCase();
  const unit = Object.hasOwn(UNITS, lower) ? UNITS[lower] : UNITS[lower.replace(/s$/, '')];
  return unit === undefined ? Number.NaN : Number(amount) * unit;
}

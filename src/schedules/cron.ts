import { Cron } from 'croner';
import type { After } from '../core/ticks.ts';

const NICKNAME = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;
/** No day of a year comes as seldom. */
const LONGEST = 200;

/**
 * The ticks of a cron pattern: 5 fields, or 6 with the seconds first; or `@daily` and the like. A pattern that says at which
 * minutes of which hours has each of its ticks once a day whatever the clocks do: what would be in an hour that is left out comes
 * when that ends, and in one that comes twice it is the first time. One with a `*` or a step there goes by the clock on the wall.
 * @throws Error with a message for people
 */
export function cronAfter(pattern: string, timezone: string): After {
  if (typeof pattern !== 'string' || pattern.length > LONGEST) {
    throw new Error(`a pattern is text of at most ${LONGEST} characters`);
  }
  const trimmed = pattern.trim();
  const fields = trimmed.split(/\s+/);
  if (!NICKNAME.test(trimmed) && fields.length !== 5 && fields.length !== 6) {
    throw new Error(
      "a pattern has 5 fields, or 6 with the seconds first, or is one of '@hourly', '@daily', '@weekly', …",
    );
  }
  // It would stand for the moment at which the pattern is read.
  if (trimmed.includes('?')) throw new Error("'?' has no meaning here: use '*'");
  const cron = new Cron(trimmed, {
    timezone,
    paused: true,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
  });
  return (instant) => cron.nextRun(new Date(instant))?.getTime() ?? null;
}

/** Whether a name is that of a time zone, as `Europe/Berlin`. */
export function isTimezone(name: unknown): name is string {
  if (typeof name !== 'string' || name === '') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

import type { Timing } from '../core/schedule.ts';
import { type After, everyAfter, within } from '../core/ticks.ts';
import { cronAfter } from './cron.ts';

/**
 * The ticks of a schedule.
 * @throws Error for a pattern that is none, with a message for people
 */
export function ticksOf(timing: Timing): After {
  const { start, end } = timing;
  const after = 'every' in timing ? everyAfter(timing.every, start ?? 0) : cronAfter(timing.cron, timing.timezone);
  return within(after, start, end);
}

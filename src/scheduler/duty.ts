import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

export interface DutyOptions {
  /** For the log, as `the promoter`. */
  readonly name: string;
  /** Milliseconds from the end of one round to the next, where the round gives no number. */
  readonly interval: number;
  /** Whether to do the round now; else it looks again after the interval. */
  readonly isOurs: () => boolean;
  readonly round: (stopping: AbortSignal) => Promise<number | undefined>;
}

/** What the leader does, again and again: a loop that everybody runs and that does nothing elsewhere. */
export function duty({ name, interval, isOurs, round }: DutyOptions, surroundings: Surroundings): Loop {
  const tick = async (stopping: AbortSignal): Promise<number | undefined> => (isOurs() ? round(stopping) : interval);
  return new Loop({ name, interval, tick }, surroundings);
}

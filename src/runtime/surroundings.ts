import type { Logger } from '../core/log.ts';
import type { Clock } from './clock.ts';

/** What the long-lived parts of a process are handed from outside. */
export interface Surroundings {
  readonly clock: Clock;
  /** From 0 up to, and without, 1. */
  readonly random: () => number;
  /** Never throws. */
  readonly logger: Logger;
  /** Told of the first failure of each outage. Never throws. */
  readonly failed: (error: unknown) => void;
}

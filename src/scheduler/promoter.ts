import type { ScheduleBackend } from '../contract/backend.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { duty } from './duty.ts';
import { sweep } from './sweep.ts';

// Another process may schedule a job that is due before all that were known.
const LONGEST_SLEEP = 1_000;

/** Brings scheduled jobs into their queues when they are due. */
export function promoter(backend: ScheduleBackend, isOurs: () => boolean, surroundings: Surroundings): Loop {
  const round = async (stopping: AbortSignal): Promise<number> => {
    const { next } = await sweep((limit) => backend.promote(limit), stopping, surroundings.clock);
    return Math.min(LONGEST_SLEEP, next ?? LONGEST_SLEEP);
  };
  return duty({ name: 'the promoter', interval: LONGEST_SLEEP, isOurs, round }, surroundings);
}

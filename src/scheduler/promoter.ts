import type { ScheduleBackend } from '../contract/backend.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { sweep } from './sweep.ts';

// Another process may schedule a job that is due before all that were known.
const LONGEST_SLEEP = 1_000;

/** Brings scheduled jobs into their queues when they are due. */
export function promoter(backend: ScheduleBackend, surroundings: Surroundings): Loop {
  const tick = async (stopping: AbortSignal): Promise<number> => {
    const { next } = await sweep((limit) => backend.promote(limit), stopping);
    return Math.min(LONGEST_SLEEP, next ?? LONGEST_SLEEP);
  };
  return new Loop({ name: 'the promoter', interval: LONGEST_SLEEP, tick }, surroundings);
}

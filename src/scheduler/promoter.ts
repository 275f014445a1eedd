import type { ScheduleBackend } from '../contract/backend.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Duty } from './duty.ts';
import { sweep } from './sweep.ts';

/** Brings scheduled jobs into their queues when they are due, by our own clock in between. */
export function promoter(backend: ScheduleBackend, isOurs: () => boolean, surroundings: Surroundings): Duty {
  const round = async (stopping: AbortSignal): Promise<number | null> => {
    const { next } = await sweep((limit) => backend.promote(limit), stopping, surroundings.clock);
    return next;
  };
  return new Duty({ name: 'the promoter', isOurs, round }, surroundings);
}

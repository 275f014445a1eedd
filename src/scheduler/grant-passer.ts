import type { ScheduleBackend } from '../contract/backend.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { duty } from './duty.ts';
import { sweep } from './sweep.ts';

const INTERVAL = 1_000;

/** Passes places that were kept for a job, and not claimed in time, to jobs of other queues. */
export function grantPasser(backend: ScheduleBackend, isOurs: () => boolean, surroundings: Surroundings): Loop {
  const round = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.passGrants(limit), stopping, surroundings.clock);
  };
  return duty({ name: 'the passer of grants', interval: INTERVAL, isOurs, round }, surroundings);
}

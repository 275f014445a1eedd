import type { ScheduleBackend } from '../contract/backend.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { sweep } from './sweep.ts';

const INTERVAL = 1_000;

/** Passes places that were kept for a job, and not claimed in time, to jobs of other queues. */
export function grantPasser(backend: ScheduleBackend, surroundings: Surroundings): Loop {
  const tick = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.passGrants(limit), stopping);
  };
  return new Loop({ name: 'the passer of grants', interval: INTERVAL, tick }, surroundings);
}

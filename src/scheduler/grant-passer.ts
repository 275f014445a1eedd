import type { ScheduleBackend } from '../contract/backend.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Duty } from './duty.ts';
import { sweep } from './sweep.ts';

/** Passes places that were kept for a job, and not claimed in time, to jobs of other queues. */
export function grantPasser(
  backend: ScheduleBackend,
  isOurs: () => boolean,
  ask: () => void,
  surroundings: Surroundings,
): Duty {
  const round = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.passGrants(limit), stopping, surroundings.clock);
  };
  return new Duty({ name: 'the passer of grants', isOurs, round, ask }, surroundings);
}

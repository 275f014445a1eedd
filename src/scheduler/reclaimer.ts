import type { InspectBackend, LeaseBackend } from '../contract/backend.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { sweep } from './sweep.ts';

const INTERVAL = 1_000;

/**
 * Takes back what workers owned whose lease has ended.
 * @param pause how long living workers get after an outage of the backend to renew their leases, in milliseconds
 */
export function reclaimer(backend: LeaseBackend & InspectBackend, pause: number, surroundings: Surroundings): Loop {
  let wasOut = false;
  const tick = async (stopping: AbortSignal): Promise<number> => {
    if (wasOut) {
      // While the backend was out of reach, nobody could renew: every lease may have ended, and their owners live.
      await backend.now();
      wasOut = false;
      return pause;
    }
    try {
      await sweep((limit) => backend.reclaim(limit), stopping);
    } catch (error) {
      wasOut = true;
      throw error;
    }
    return INTERVAL;
  };
  return new Loop({ name: 'the reclaimer', interval: INTERVAL, tick }, surroundings);
}

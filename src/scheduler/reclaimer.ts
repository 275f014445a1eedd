import type { LeaseBackend } from '../contract/backend.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { duty } from './duty.ts';
import { sweep } from './sweep.ts';

const INTERVAL = 1_000;

/** Takes back what workers owned whose lease has ended. */
export function reclaimer(backend: LeaseBackend, isOurs: () => boolean, surroundings: Surroundings): Loop {
  const round = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.reclaim(limit), stopping, surroundings.clock);
  };
  return duty({ name: 'the reclaimer', interval: INTERVAL, isOurs, round }, surroundings);
}

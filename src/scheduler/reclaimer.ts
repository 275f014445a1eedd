import type { LeaseBackend } from '../contract/backend.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Duty } from './duty.ts';
import { sweep } from './sweep.ts';

/** Milliseconds: a renewal that is a moment late must not cost a lease, though it may from its end on. */
const REPRIEVE = 500;

/** Takes back what workers owned whose lease has ended. */
export function reclaimer(
  backend: LeaseBackend,
  isOurs: () => boolean,
  ask: () => void,
  surroundings: Surroundings,
): Duty {
  const round = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.reclaim(limit), stopping, surroundings.clock);
  };
  return new Duty({ name: 'the reclaimer', isOurs, round, ask, reprieve: REPRIEVE }, surroundings);
}

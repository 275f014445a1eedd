import type { ScheduleBackend } from '../contract/backend.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Duty } from './duty.ts';
import { sweep } from './sweep.ts';

/** Milliseconds between two rounds: while a manager runs that does not know their type, it may park the same jobs again at once. */
const GAP = 1_000;

/** Brings back jobs that another manager put aside, since it did not know their type, or that were parked by a pause. */
export function unparker(backend: ScheduleBackend, types: readonly string[], surroundings: Surroundings): Duty {
  const round = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.unpark(types, limit), stopping, surroundings.clock);
  };
  // Whoever leads may not know these types: it is for all to do.
  return new Duty({ name: 'the unparker', isOurs: () => true, round, gap: GAP }, surroundings);
}

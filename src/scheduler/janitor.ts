import type { ScheduleBackend } from '../contract/backend.ts';
import type { Keep } from '../core/keep.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Duty } from './duty.ts';
import { sweep } from './sweep.ts';

/** Milliseconds between two rounds: what ends one after another is removed together. */
const GAP = 5_000;

/** Removes jobs that have ended and were kept for long enough, whether or not others end meanwhile. */
export function janitor(
  backend: ScheduleBackend,
  failed: Keep,
  isOurs: () => boolean,
  surroundings: Surroundings,
): Duty {
  const round = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.expire(failed, limit), stopping, surroundings.clock);
  };
  return new Duty({ name: 'the janitor', isOurs, round, gap: GAP }, surroundings);
}

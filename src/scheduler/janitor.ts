import type { ScheduleBackend } from '../contract/backend.ts';
import type { Keep } from '../core/keep.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { duty } from './duty.ts';
import { sweep } from './sweep.ts';

const INTERVAL = 5_000;

/** Removes jobs that have ended and were kept for long enough, whether or not others end meanwhile. */
export function janitor(
  backend: ScheduleBackend,
  failed: Keep,
  isOurs: () => boolean,
  surroundings: Surroundings,
): Loop {
  const round = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.expire(failed, limit), stopping, surroundings.clock);
  };
  return duty({ name: 'the janitor', interval: INTERVAL, isOurs, round }, surroundings);
}

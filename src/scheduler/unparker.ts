import type { ScheduleBackend } from '../contract/backend.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { sweep } from './sweep.ts';

const INTERVAL = 1_000;

/** Brings back jobs that another manager put aside, since it did not know their type. */
export function unparker(backend: ScheduleBackend, types: readonly string[], surroundings: Surroundings): Loop {
  const tick = async (stopping: AbortSignal): Promise<undefined> => {
    await sweep((limit) => backend.unpark(types, limit), stopping, surroundings.clock);
  };
  return new Loop({ name: 'the unparker', interval: INTERVAL, tick }, surroundings);
}

import type { DeadLetter, InspectBackend, Stats } from '../contract/backend.ts';
import { checkQueue } from '../core/job.ts';
import { checkRange, type Range } from './jobs.ts';

/** All queues, workers and counters at one glance. */
export function readStats(backend: InspectBackend): Promise<Stats> {
  return backend.stats();
}

/** How many jobs wait in a queue. */
export async function queueSize(backend: InspectBackend, queue: string): Promise<number> {
  return backend.size(checkQueue(queue));
}

/**
 * What was found in a queue and is no job, oldest first.
 * @throws InvalidOptionError
 */
export async function listDeadLetters(backend: InspectBackend, range?: Range): Promise<readonly DeadLetter[]> {
  const { offset, limit } = checkRange(range);
  return backend.deadLetters(offset, limit);
}

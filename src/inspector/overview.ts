import type { DeadLetter, InspectBackend, Stats } from '../contract/backend.ts';
import { checkQueue } from '../core/job.ts';

/** All queues, workers and counters at one glance. */
export function readStats(backend: InspectBackend): Promise<Stats> {
  return backend.stats();
}

/** How many jobs wait in a queue. */
export async function queueSize(backend: InspectBackend, queue: string): Promise<number> {
  return backend.size(checkQueue(queue));
}

/** What was found in a queue and is no job, oldest first. */
export function listDeadLetters(
  backend: InspectBackend,
  { offset = 0, limit = 100 }: { readonly offset?: number; readonly limit?: number } = {},
): Promise<readonly DeadLetter[]> {
  return backend.deadLetters(offset, limit);
}

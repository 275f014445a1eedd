import type { InspectBackend, Stats } from '../../../src/contract/backend.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { FinalLook } from '../checker/index.ts';

const POLL = 50;
const PAGE = 1_000;

/** Waits until nothing is left to do in a store, or the time is up, and takes a last look. */
export async function lookWhenQuiet(store: InspectBackend, milliseconds: number): Promise<FinalLook> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const stats = await store.stats();
    if (isQuiet(stats) || performance.now() >= end) return { stats, failed: await failedIds(store) };
    await systemClock.sleep(POLL);
  }
}

function isQuiet({ queues, workers, scheduled, parked }: Stats): boolean {
  const isIdle = workers.every(({ processing }) => processing === 0);
  return isIdle && queues.every(({ waiting, held }) => waiting + held === 0) && scheduled + parked === 0;
}

async function failedIds(store: InspectBackend): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const page = await store.list({ state: 'failed' }, ids.length, PAGE);
    ids.push(...page);
    if (page.length < PAGE) return ids;
  }
}

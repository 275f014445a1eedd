import type { ScheduleBackend, SignalBackend } from '../contract/backend.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { duty } from './duty.ts';
import { sweep } from './sweep.ts';

/** Milliseconds between two looks at most: the news of a job that is due sooner may be lost. */
const LONGEST_WAIT = 5_000;
/** Milliseconds until somebody who does not lead looks again whether he does. */
const INTERVAL = 1_000;

/** Brings scheduled jobs into their queues when they are due. */
export function promoter(
  backend: ScheduleBackend & SignalBackend,
  isOurs: () => boolean,
  surroundings: Surroundings,
): Loop {
  const round = async (stopping: AbortSignal): Promise<number> => {
    const { next } = await sweep((limit) => backend.promote(limit), stopping, surroundings.clock);
    if (next === null || next > LONGEST_WAIT) {
      await backend.waitForDue({ timeout: LONGEST_WAIT, signal: stopping });
    } else if (next > 0) {
      await waitUntilDue(next, stopping);
    }
    return 0;
  };
  /** By our own clock: a server may end a wait a tenth of a second late. */
  const waitUntilDue = async (next: number, stopping: AbortSignal): Promise<void> => {
    const isDue = new AbortController();
    const cancel = surroundings.clock.after(next, () => isDue.abort());
    try {
      await backend.waitForDue({ timeout: LONGEST_WAIT, signal: AbortSignal.any([stopping, isDue.signal]) });
    } finally {
      cancel();
    }
  };
  return duty({ name: 'the promoter', interval: INTERVAL, isOurs, round }, surroundings);
}

import { SWEEP_BUDGET, type SweepReply } from '../contract/backend.ts';
import type { Clock } from '../runtime/clock.ts';

/** Repeats a bounded step while there is more, and lets the event loop come round in between. Returns the last reply. */
export async function sweep<Reply extends SweepReply>(
  step: (limit: number) => Promise<Reply>,
  stopping: AbortSignal,
  clock: Clock,
): Promise<Reply> {
  for (;;) {
    const reply = await step(SWEEP_BUDGET);
    if (!reply.more || stopping.aborted) return reply;
    await clock.turn();
  }
}

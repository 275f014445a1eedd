import { type LeaseBackend, SWEEP_BUDGET } from '../contract/backend.ts';
import type { Caller } from '../contract/call.ts';
import { persist } from '../runtime/persist.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

const FORGOTTEN =
  'the store has forgotten that these jobs were settled, and they run again: it has lost its newest writes';

export interface Strays {
  readonly backend: Pick<LeaseBackend, 'relinquish'>;
  readonly caller: Caller;
  readonly worker: string;
  /** The tokens of what is not handed back. */
  readonly known: readonly string[];
}

/**
 * Hands back what a worker owns by the books and does not know of: the store has lost its newest writes, and with them that it was
 * settled. In bounded steps; nothing may be claimed meanwhile.
 * @throws when the signal aborts, or no call can be made any more
 */
export async function relinquish(
  { backend, caller, worker, known }: Strays,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const jobs: string[] = [];
  for (let isOver = false; !isOver; ) {
    const { moves, more } = await caller.call((call) =>
      persist(() => backend.relinquish(call, worker, known, SWEEP_BUDGET), 'handing back strays', surroundings, signal),
    );
    jobs.push(...moves.filter(({ event }) => event === 'reclaimed').map(({ id }) => id));
    isOver = !more;
  }
  if (jobs.length > 0) surroundings.logger.warn({ worker, jobs }, FORGOTTEN);
}

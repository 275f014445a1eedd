import type { LeaseBackend } from '../contract/backend.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

export interface HeartbeatLoopOptions {
  readonly backend: LeaseBackend;
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds. */
  readonly lease: number;
  /** Whose lease to renew now; null for nobody's. */
  readonly worker: () => string | null;
  readonly lost: (worker: string) => void;
  /** How long ago a check-in extended the lease, in milliseconds. */
  readonly sinceRenewal: () => number;
}

/** A connection that is silent for longer may be forgotten by what lies between: it would fail when it is needed. */
const LONGEST_SILENCE = 60_000;

/**
 * Renews a worker's lease on the event loop that it runs on, where no check-in has done so in time: one that is blocked for longer
 * than the lease loses it.
 */
export function heartbeatLoop(options: HeartbeatLoopOptions, surroundings: Surroundings): Loop {
  const { backend, interval, lease, worker, lost, sinceRenewal } = options;
  const { clock } = surroundings;
  let beatAt = Number.NEGATIVE_INFINITY;
  const tick = async (): Promise<number> => {
    const name = worker();
    if (name === null) return interval;
    const left = interval - sinceRenewal();
    if (left > 0 && clock.monotonic() - beatAt < LONGEST_SILENCE) return left;
    beatAt = clock.monotonic();
    if (!(await backend.renew(name, lease))) lost(name);
    return interval;
  };
  return new Loop({ name: 'the heartbeat', interval, tick }, surroundings);
}

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
}

/** Renews a worker's lease on the event loop that it runs on: one that is blocked for longer than the lease loses it. */
export function heartbeatLoop(options: HeartbeatLoopOptions, surroundings: Surroundings): Loop {
  const { backend, interval, lease, worker, lost } = options;
  const tick = async (): Promise<undefined> => {
    const name = worker();
    if (name !== null && !(await backend.renew(name, lease))) lost(name);
  };
  return new Loop({ name: 'the heartbeat', interval, tick }, surroundings);
}

// How a process tells the store that it is alive, and hears in the same step what there is for it to do.
import type { Keep } from '../core/keep.ts';

/** What a cluster needs done now and then: `unpark` by whoever knows the types, all else by the leader. */
export const DUTIES = ['promote', 'fire', 'reclaim', 'passGrants', 'expire', 'unpark'] as const;
export type Duty = (typeof DUTIES)[number];

export interface CheckIn {
  /** The name under which it stands for the leadership. */
  readonly candidate: string;
  /** How long it leads from now on, where nobody else does, in milliseconds. */
  readonly leadership: number;
  /** Whose lease is extended; null for nobody's. */
  readonly worker: string | null;
  /** For how long from now, in milliseconds. */
  readonly lease: number;
  /** From where it would claim now; none where it would not. */
  readonly queues: readonly string[];
  /** The job types that it has handlers for. */
  readonly types: readonly string[];
  /** For how long failed jobs are kept. */
  readonly keepFailed: Keep;
}

export interface CheckedIn {
  /** It is the leader: nobody else was, or it was already. */
  readonly leads: boolean;
  /** Milliseconds until the leadership ends, its own or another's, unless it is renewed. */
  readonly left: number;
  /** The lease was extended; false where it is gone, and with it everything the worker owned. */
  readonly renewed: boolean;
  /** How many jobs the worker owns. */
  readonly owned: number;
  /** There is something to claim now in one of the queues. */
  readonly hasWork: boolean;
  /** The tokens of those of the worker's claims that are to be cancelled. */
  readonly toCancel: readonly string[];
  /** In how many milliseconds each duty has something to do, as far as is known now; null where it has not, or is not this process's. */
  readonly due: Readonly<Record<Duty, number | null>>;
}

/** Who waits to be called. */
export interface Callee {
  readonly worker: string | null;
  /** As its last check-in said. */
  readonly leads: boolean;
}

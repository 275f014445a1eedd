// How bugs are put into a backend.

import { open } from '../../../src/backends/memory/index.ts';
import type { Backend, Settlement } from '../../../src/contract/backend.ts';
import type { Outcome } from '../../../src/core/outcome.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { changed, withMethods } from '../../harness/planting.ts';
import type { RuleName } from '../checker/index.ts';
import type { World } from './world.ts';

/** A bug of a backend, with the rule of the checker that must find it. */
export interface Bug {
  /** At least this one reports it. */
  readonly rule: RuleName;
  readonly story?: (world: World) => Promise<void>;
  readonly plant: () => Promise<(options: object) => Promise<Backend>>;
}

/** True for each so many calls, `most` times in all. */
export function each(count: number, most = Number.POSITIVE_INFINITY): () => boolean {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % count === 0 && calls <= count * most;
  };
}

/** A backend whose settlements are changed before it gets them. */
export const withSettlements = (change: (settlement: Settlement) => Settlement) =>
  withMethods((backend) => ({
    exchange: (call, request) => backend.exchange(call, { ...request, settlements: request.settlements.map(change) }),
  }));

export const withOutcomes = (change: (outcome: Outcome) => Outcome) =>
  withSettlements(({ job, outcome }) => ({ job, outcome: change(outcome) }));

/** A backend whose clock is ahead while some of its methods run. */
export const withClockAhead =
  (methods: readonly ('reclaim' | 'promote' | 'checkIn')[], milliseconds: number) => async (options: object) => {
    let ahead = 0;
    const backend = await open({ ...options, clock: { ...systemClock, now: () => systemClock.now() + ahead } });
    const early = methods.map((method) => {
      const run = backend[method];
      const runAhead = (...args: unknown[]): unknown => {
        ahead = milliseconds;
        // What it does, it does at once.
        const reply: unknown = Reflect.apply(run, backend, args);
        ahead = 0;
        return reply;
      };
      return [method, runAhead];
    });
    return changed(backend, Object.fromEntries(early));
  };

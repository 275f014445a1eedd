import type { Backend } from '../contract/backend.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { grantPasser } from './grant-passer.ts';
import { promoter } from './promoter.ts';
import { reclaimer } from './reclaimer.ts';
import { unparker } from './unparker.ts';

export interface SchedulerOptions {
  readonly backend: Backend;
  /** The job types that this process has handlers for. */
  readonly types: readonly string[];
  /** How long living workers get after an outage to renew their leases, in milliseconds. */
  readonly renewalTime: number;
}

/**
 * The work that a cluster needs done by somebody. Every manager does it: each step is atomic, so what one has done the next
 * one finds done.
 */
export class Scheduler {
  readonly #promoter: Loop;
  readonly #others: readonly Loop[];

  constructor({ backend, types, renewalTime }: SchedulerOptions, surroundings: Surroundings) {
    this.#promoter = promoter(backend, surroundings);
    this.#others = [
      reclaimer(backend, renewalTime, surroundings),
      grantPasser(backend, surroundings),
      unparker(backend, types, surroundings),
    ];
  }

  start(): void {
    for (const loop of [this.#promoter, ...this.#others]) loop.start();
  }

  /** Settles when the steps in flight have ended. */
  async stop(): Promise<void> {
    await Promise.all([this.#promoter, ...this.#others].map((loop) => loop.stop()));
  }

  /** To be told when a job is scheduled that may be due before the promoter looks again. */
  expect(): void {
    this.#promoter.wake();
  }
}

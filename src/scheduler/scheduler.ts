import type { Backend } from '../contract/backend.ts';
import type { Keep } from '../core/keep.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Election } from './election.ts';
import { grantPasser } from './grant-passer.ts';
import { janitor } from './janitor.ts';
import { promoter } from './promoter.ts';
import { reclaimer } from './reclaimer.ts';
import { scheduleRunner } from './schedule-runner.ts';
import { settingsWatch } from './settings-watch.ts';
import { unparker } from './unparker.ts';

export interface SchedulerOptions {
  readonly backend: Backend;
  /** The job types that this process has handlers for. */
  readonly types: readonly string[];
  /** How long a leader leads after its last sign of life, in milliseconds. */
  readonly leadership: number;
  /** How long failed jobs are kept. */
  readonly keepFailed: Keep;
}

/**
 * The work that a cluster needs done by somebody: the leader does it. Each step is atomic, so one that two do at the same time,
 * while the leadership changes, does no harm.
 */
export class Scheduler {
  readonly #election: Election;
  readonly #loops: readonly Loop[];

  constructor({ backend, types, leadership, keepFailed }: SchedulerOptions, surroundings: Surroundings) {
    const isLeader = (): boolean => this.#election.isLeader;
    this.#loops = [
      promoter(backend, isLeader, surroundings),
      scheduleRunner(backend, isLeader, surroundings),
      reclaimer(backend, () => this.#election.isSettled, surroundings),
      grantPasser(backend, isLeader, surroundings),
      janitor(backend, keepFailed, isLeader, surroundings),
      settingsWatch(backend, isLeader, surroundings),
      // Of a type that the leader does not know, it cannot tell that somebody does.
      unparker(backend, types, surroundings),
    ];
    const elected = (): void => {
      for (const loop of this.#loops) loop.wake();
    };
    this.#election = new Election(backend, leadership, elected, surroundings);
  }

  get isLeader(): boolean {
    return this.#election.isLeader;
  }

  start(): void {
    this.#election.start();
    for (const loop of this.#loops) loop.start();
  }

  /** Settles when the steps in flight have ended, and the leadership is left to others. */
  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await this.#election.stop();
  }
}

import type { Backend, CheckedIn } from '../contract/backend.ts';
import { DUTIES, type Duty as DutyName } from '../contract/check-in.ts';
import type { Keep } from '../core/keep.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Duty } from './duty.ts';
import { grantPasser } from './grant-passer.ts';
import { janitor } from './janitor.ts';
import { Presence, type Self } from './presence.ts';
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
  /** Milliseconds between two check-ins at most. */
  readonly interval: number;
  /** How long failed jobs are kept. */
  readonly keepFailed: Keep;
  /** The worker, its lease in milliseconds, and the queues from which it would claim now. */
  readonly self: () => Pick<Self, 'worker' | 'lease' | 'queues'>;
  /** Told what a check-in said of the worker, and when it was asked, by the monotonic clock. */
  readonly told: (reply: CheckedIn, worker: string | null, asked: number) => void;
}

/**
 * The work that a cluster needs done by somebody: the leader does it. Each step is atomic, so one that two do at the same time,
 * while the leadership changes, does no harm. Nothing here asks whether there is something to do: the check-in says it.
 */
export class Scheduler {
  readonly #presence: Presence;
  readonly #duties: Readonly<Record<DutyName, Duty>>;
  readonly #settings: Loop;

  constructor(options: SchedulerOptions, surroundings: Surroundings) {
    const { backend, types, leadership, keepFailed, self, told } = options;
    const isLeader = (): boolean => this.#presence.isLeader;
    const ask = (): void => this.#presence.ask();
    const isSettled = (): boolean => this.#presence.isSettled;
    this.#duties = {
      promote: promoter(backend, isLeader, surroundings),
      fire: scheduleRunner(backend, isLeader, surroundings),
      reclaim: reclaimer(backend, isSettled, ask, surroundings),
      passGrants: grantPasser(backend, isLeader, ask, surroundings),
      expire: janitor(backend, keepFailed, isLeader, surroundings),
      unpark: unparker(backend, types, surroundings),
    };
    this.#settings = settingsWatch(backend, isLeader, surroundings);
    let wasLeader = false;
    this.#presence = new Presence(
      {
        ...{ backend, leadership },
        interval: Math.min(options.interval, leadership / 2),
        self: () => ({ ...self(), types, keepFailed }),
        told: (reply, { worker }, asked) => {
          for (const name of DUTIES) this.#duties[name].tell(reply.due[name]);
          if (reply.leads && !wasLeader) this.#settings.wake();
          wasLeader = reply.leads;
          told(reply, worker, asked);
        },
      },
      surroundings,
    );
  }

  get isLeader(): boolean {
    return this.#presence.isLeader;
  }

  start(): void {
    this.#presence.start();
    for (const daemon of this.#daemons()) daemon.start();
  }

  /** To be told when the worker's name has changed. */
  assign(): void {
    this.#presence.ask();
  }

  /** Settles when the steps in flight have ended, and the leadership is left to others. */
  async stop(): Promise<void> {
    await Promise.all(this.#daemons().map((daemon) => daemon.stop()));
    await this.#presence.stop();
  }

  #daemons(): readonly (Duty | Loop)[] {
    return [...Object.values(this.#duties), this.#settings];
  }
}

// Processes that may lead, on one store and in virtual time, each of which may die or be held up at any of its calls.

import type { Backend, CheckedIn, ScheduleWritten } from '../../src/contract/backend.ts';
import { Caller } from '../../src/contract/call.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Surroundings } from '../../src/runtime/surroundings.ts';
import { Presence } from '../../src/scheduler/presence.ts';
import { scheduleRunner } from '../../src/scheduler/schedule-runner.ts';
import { declareSchedules, type ScheduleSet } from '../../src/schedules/declared.ts';
import type { VirtualTime } from '../harness/virtual-time.ts';

const LEADERSHIP = 4_000;
const INTERVAL = 2_000;
/** What a process says of itself that has no worker. */
const SELF = { worker: null, lease: 0, queues: [], types: [], keepFailed: { for: null, count: null } };
/** How long a process may stand still, in milliseconds: longer than it leads, so that there are two who believe that they do. */
const LONGEST_HALT = 12_000;
const LONGEST_RESTART = 15_000;

export interface ClusterOptions {
  readonly backend: Backend;
  readonly time: VirtualTime;
  readonly schedules: ScheduleSet;
  readonly processes: number;
  readonly random: () => number;
}

interface Life {
  isOver: boolean;
  /** Until when it stands still. */
  haltedUntil: number;
}

/** What a call may meet. */
type Fate = 'done' | 'dies before' | 'dies after' | 'halts before' | 'halts after';

export class Cluster {
  /** Whatever a tick's write gave, in order, with the id of its job. */
  readonly fired: { readonly id: string; readonly result: ScheduleWritten['job'] }[] = [];
  readonly counts = { deaths: 0, halts: 0, refused: 0, elections: 0 };
  readonly #options: ClusterOptions;
  readonly #worker = 'worker';
  readonly #caller = new Caller('cluster');
  #processes = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#declare(this.#options.backend);
    await this.#options.backend.register(this.#worker, Number.MAX_SAFE_INTEGER / 2);
    for (let process = 0; process < this.#options.processes; process += 1) this.#spawn();
  }

  /** Starts a process: it declares its schedules, as after a deploy, and takes part in the election. */
  #spawn(): void {
    const life: Life = { isOver: false, haltedUntil: 0 };
    const backend = this.#mortal(life);
    const quiet = (): undefined => undefined;
    const surroundings: Surroundings = {
      clock: this.#mortalClock(life),
      random: this.#options.random,
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      failed: quiet,
    };
    let wasLeader = false;
    const told = ({ leads, due }: CheckedIn): void => {
      if (leads && !wasLeader) this.counts.elections += 1;
      wasLeader = leads;
      runner.tell(due.fire);
    };
    const presence = new Presence(
      { backend, leadership: LEADERSHIP, interval: INTERVAL, self: () => SELF, told },
      surroundings,
    );
    const runner = scheduleRunner(backend, () => presence.isLeader, surroundings);
    void this.#declare(backend);
    presence.start();
    runner.start();
  }

  async #declare(backend: Backend): Promise<void> {
    this.#processes += 1;
    const caller = new Caller(`process ${this.#processes}`);
    await declareSchedules({ backend, caller }, this.#options.schedules);
  }

  #fateOf(name: string): Fate {
    const { random } = this.#options;
    // Where it matters most, it happens most.
    const share = name === 'write' || name === 'find' ? 0.1 : 0.002;
    if (random() >= share) return 'done';
    const fates = ['dies before', 'dies after', 'halts before', 'halts after'] as const;
    return fates[Math.floor(random() * fates.length)] ?? 'done';
  }

  async #call<Reply>(life: Life, name: string, send: () => Promise<Reply>): Promise<Reply> {
    if (life.isOver) return never();
    const fate = this.#fateOf(name);
    if (fate === 'dies before') return this.#die(life);
    if (fate === 'halts before') this.#halt(life);
    await this.#untilAwake(life);
    const reply = await send();
    if (fate === 'dies after') return this.#die(life);
    if (fate === 'halts after') this.#halt(life);
    await this.#untilAwake(life);
    return life.isOver ? never() : reply;
  }

  /** A process that is dead says nothing any more, and another takes its place after a while. */
  #die(life: Life): Promise<never> {
    life.isOver = true;
    this.counts.deaths += 1;
    const { time, random } = this.#options;
    time.clock().after(random() * LONGEST_RESTART, () => this.#spawn());
    return never();
  }

  #halt(life: Life): void {
    this.counts.halts += 1;
    life.haltedUntil = this.#options.time.now + this.#options.random() * LONGEST_HALT;
  }

  async #untilAwake(life: Life): Promise<void> {
    const { time } = this.#options;
    while (time.now < life.haltedUntil) await time.clock().sleep(life.haltedUntil - time.now);
  }

  #mortalClock(life: Life): Clock {
    const clock = this.#options.time.clock();
    return {
      ...clock,
      sleep: async (milliseconds, signal) => {
        const passed = await clock.sleep(milliseconds, signal);
        await this.#untilAwake(life);
        return life.isOver ? never() : passed;
      },
    };
  }

  /** The store as such a process sees it. */
  #mortal(life: Life): Backend {
    const wrap = <Target extends object>(target: Target, special: object): Target =>
      new Proxy(target, {
        get: (_, name) => {
          const value: unknown = Reflect.get(special, name) ?? Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => this.#call(life, String(name), async () => Reflect.apply(value, target, args));
        },
      });
    const { backend } = this.#options;
    const write: Backend['schedules']['write'] = async (call, request) => {
      const written = await backend.schedules.write(call, request);
      if (request.job === undefined) return written;
      if (written.version === null) this.counts.refused += 1;
      else this.fired.push({ id: request.job.id, result: written.job });
      await this.#work();
      return written;
    };
    return wrap(backend, { schedules: wrap(backend.schedules, { write }) });
  }

  /** Runs what is enqueued at once, so that a tick that is fired again finds no job of its id in the books. */
  async #work(): Promise<void> {
    const { backend } = this.#options;
    const claim = { queues: ['q'], count: 10, locks: 'take' } as const;
    const { claimed } = await this.#caller.call((call) =>
      backend.exchange(call, { worker: this.#worker, settlements: [], claim }),
    );
    const settlements = claimed.map((job) => ({ job, outcome: { kind: 'completed' } as const }));
    await this.#caller.call((call) => backend.exchange(call, { worker: this.#worker, settlements }));
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

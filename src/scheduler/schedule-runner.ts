import type { InspectBackend, ScheduleStore, StoredSchedule } from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import { BackendError, messageOf } from '../core/errors.ts';
import type { Schedule } from '../core/schedule.ts';
import { type Step, stepOf } from '../core/ticks.ts';
import { newName } from '../runtime/identity.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { jobOf } from '../schedules/acts.ts';
import { decodeSchedule, encodeSchedule } from '../schedules/record.ts';
import { ticksOf } from '../schedules/timing.ts';
import { Duty } from './duty.ts';

/** Milliseconds between two looks at schedules that are due and cannot be fired now, since the job of the tick before still runs. */
const INTERVAL = 1_000;
/** How many names are asked for at once. */
const STEP = 100;

type Store = Pick<InspectBackend, 'find'> & { readonly schedules: ScheduleStore };

/** Fires the ticks of recurring schedules. That it is the leader's work saves the others the trouble; each write is a tick's own. */
export function scheduleRunner(backend: Store, isOurs: () => boolean, surroundings: Surroundings): Duty {
  const runner = new ScheduleRunner(backend, surroundings);
  const round = (stopping: AbortSignal): Promise<number | null> => runner.round(stopping);
  return new Duty({ name: 'the runner of schedules', isOurs, round }, surroundings);
}

/**
 * What became of a schedule that was due. `moved on`: its next tick is later. `due again`: it has more to catch up. `left`: it
 * stays as it is, since it waits, or cannot be read.
 */
type Visited = 'moved on' | 'due again' | 'left';

class ScheduleRunner {
  readonly #backend: Store;
  readonly #surroundings: Surroundings;
  readonly #caller = new Caller(newName());
  /** What was told of those that cannot be fired, by their names. */
  readonly #told = new Map<string, string>();

  constructor(backend: Store, surroundings: Surroundings) {
    this.#backend = backend;
    this.#surroundings = surroundings;
  }

  /** Visits all that are due. Gives the milliseconds until the next round; null where there is nothing to wait for. */
  async round(stopping: AbortSignal): Promise<number | null> {
    let passedOver = 0;
    let isDueAgain = false;
    for (;;) {
      const { names, now, next } = await this.#backend.schedules.due(passedOver, STEP);
      for (const name of names) {
        if (stopping.aborted) return 0;
        const visited = await this.#visit(name, now);
        // It is still among those that are due, before all that have not been visited.
        if (visited === 'left') passedOver += 1;
        if (visited === 'due again') isDueAgain = true;
      }
      if (names.length < STEP) {
        if (isDueAgain) return 0;
        const wait = next === null ? Number.POSITIVE_INFINITY : Math.max(0, next - now);
        const left = passedOver > 0 ? Math.min(wait, INTERVAL) : wait;
        return Number.isFinite(left) ? left : null;
      }
      await this.#surroundings.clock.turn();
    }
  }

  /** Whatever is wrong with one schedule must not keep the others up; the store's trouble is everybody's. */
  async #visit(name: string, now: number): Promise<Visited> {
    try {
      const visited = await this.#fireIfDue(name, now);
      this.#told.delete(name);
      return visited;
    } catch (error) {
      if (error instanceof BackendError) throw error;
      this.#tell(name, error);
      return 'left';
    }
  }

  async #fireIfDue(name: string, now: number): Promise<Visited> {
    const found = await this.#backend.schedules.find(name);
    if (found === null || found.due === null || found.due > now) return 'moved on';
    const schedule = decodeSchedule(found);
    const step = stepOf(schedule.catchUp, found.due, now, ticksOf(schedule.timing));
    const isBusy = step.tick !== null && (await this.#isBusy(schedule));
    if (isBusy && schedule.overlap === 'wait') return 'left';
    await this.#fire(found, schedule, isBusy ? { ...step, tick: null } : step, isBusy);
    return step.next !== null && step.next <= now ? 'due again' : 'moved on';
  }

  /** Whether the job of the tick before has not ended, where that matters. */
  async #isBusy({ overlap, last }: Schedule): Promise<boolean> {
    if (overlap === 'allow' || last === null) return false;
    const view = await this.#backend.find(last.job);
    return view !== null && view.state !== 'failed' && view.state !== 'completed';
  }

  /** Moves a schedule on to its next tick, and enqueues the job of this one, unless somebody else was faster. */
  async #fire({ name, version, due }: StoredSchedule, schedule: Schedule, { tick, next }: Step, isBusy: boolean) {
    const job = tick === null ? undefined : jobOf(name, schedule, tick);
    const last = job === undefined || tick === null ? schedule.last : { tick, job: job.id };
    const text = encodeSchedule({ ...schedule, last });
    const written = await this.#caller.call((call) =>
      this.#backend.schedules.write(call, {
        ...{ name, due: next, text, replaces: version },
        ...(job !== undefined && { job }),
      }),
    );
    if (written.version === null) return;
    const { logger } = this.#surroundings;
    const fields = { schedule: name, tick: instant(due), fired: instant(tick), next: instant(next) };
    if (isBusy) logger.info(fields, 'a tick was dropped: the job of the one before has not ended');
    else if (tick === null) logger.warn(fields, 'ticks were missed, and it is too late for them');
    else if (tick !== due && schedule.overlap !== 'wait')
      logger.warn(fields, 'ticks were missed, and one is fired for them');
    else logger.debug(fields, 'fired a tick');
  }

  /** Once: it stays due, and is met again at each round. */
  #tell(name: string, error: unknown): void {
    const message = `a schedule cannot be fired: ${messageOf(error)}`;
    if (this.#told.get(name) === message) return;
    this.#told.set(name, message);
    this.#surroundings.logger.error({ err: error, schedule: name }, message);
  }
}

function instant(tick: number | null): string | null {
  return tick === null ? null : new Date(tick).toISOString();
}

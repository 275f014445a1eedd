import { checkReason, type PauseOptions } from '../inspector/controls.ts';
import { checkRange, type Range } from '../inspector/jobs.ts';
import { newId } from '../runtime/identity.ts';
import {
  type Actor,
  findSchedule,
  pauseSchedule,
  removeSchedule,
  resumeSchedule,
  runSchedule,
  type Upserted,
  upsertSchedule,
} from '../schedules/acts.ts';
import { type Declared, declareSchedules, type ScheduleSet } from '../schedules/declared.ts';
import { type ScheduleInfo, scheduleInfo } from '../schedules/info.ts';
import { checkSchedule, type RecurringOptions } from '../schedules/options.ts';

/** Jobs that run again and again: at the ticks of a clock, once each, whatever managers there are. As `wingman.schedules`. */
export class Schedules {
  readonly #actor: Actor;
  readonly #whileOpen: <Result>(work: () => Promise<Result>) => Promise<Result>;

  constructor(actor: Actor, whileOpen: <Result>(work: () => Promise<Result>) => Promise<Result>) {
    this.#actor = actor;
    this.#whileOpen = whileOpen;
  }

  /**
   * Writes a schedule under this name. Written again with the same options, nothing changes; with others, its next tick stays where
   * it was as long as `cron`, `timezone`, `every`, `start` and `end` do, and a pause stays. What passed before is not caught up. One
   * that was declared in code is nobody's from then on, until it is declared again.
   * @returns the schedule as it stands, and what was done: `created`, `changed` or `unchanged`
   * @throws WingmanError `WINGMAN_SCHEDULE_INVALID` for a pattern that is none or never comes, a time zone that does not exist, a job
   *   whose type is unknown, and other options that make no sense; what enqueueing its job throws
   */
  upsert(name: string, options: RecurringOptions): Promise<ScheduleInfo & { readonly did: Upserted }> {
    return this.#whileOpen(async () => {
      const { standing, did } = await upsertSchedule(this.#actor, checkSchedule(name, options), null);
      return { ...scheduleInfo(standing), did };
    });
  }

  /**
   * Writes the schedules that an application declares in its code.
   * @returns what was done, and which of this owner's are not declared any more
   * @throws as `upsert`; those before the one that is refused stay written
   */
  declare(schedules: ScheduleSet): Promise<Declared> {
    return this.#whileOpen(() => declareSchedules(this.#actor, schedules));
  }

  /**
   * The schedule of this name, or null.
   * @throws WingmanError `WINGMAN_SCHEDULE_DAMAGED`
   */
  get(name: string): Promise<ScheduleInfo | null> {
    return this.#whileOpen(async () => {
      const standing = await findSchedule(this.#actor.backend, name);
      return standing === null ? null : scheduleInfo(standing);
    });
  }

  /**
   * Schedules by their names.
   * @throws WingmanError `WINGMAN_SCHEDULE_DAMAGED`
   */
  list(range?: Range): Promise<readonly ScheduleInfo[]> {
    return this.#whileOpen(async () => {
      const { offset, limit } = checkRange(range);
      const { backend } = this.#actor;
      const names = await backend.schedules.names(offset, limit);
      const standings = await Promise.all(names.map((name) => findSchedule(backend, name)));
      return standings.filter((standing) => standing !== null).map(scheduleInfo);
    });
  }

  /**
   * Stops a schedule until it is resumed. One that is paused already stays so, as it was.
   * @throws WingmanError `WINGMAN_SCHEDULE_NOT_FOUND`
   */
  pause(name: string, options: PauseOptions = {}): Promise<ScheduleInfo> {
    return this.#whileOpen(async () => {
      return scheduleInfo(await pauseSchedule(this.#actor, name, checkReason(options)));
    });
  }

  /**
   * Lets a schedule go on with its next tick. Those that passed meanwhile are not caught up.
   * @throws WingmanError `WINGMAN_SCHEDULE_NOT_FOUND`
   */
  resume(name: string): Promise<ScheduleInfo> {
    return this.#whileOpen(async () => scheduleInfo(await resumeSchedule(this.#actor, name)));
  }

  /**
   * Enqueues its job now, beside its ticks and paused or not; `overlap` does not look at it.
   * @throws WingmanError `WINGMAN_SCHEDULE_NOT_FOUND`
   */
  run(name: string): Promise<{ readonly id: string; readonly type: string; readonly queue: string }> {
    return this.#whileOpen(async () => {
      const { id, type, queue } = await runSchedule(this.#actor, name, newId());
      return { id, type, queue };
    });
  }

  /**
   * Removes a schedule. The jobs that it made stay.
   * @throws WingmanError `WINGMAN_SCHEDULE_NOT_FOUND`
   */
  remove(name: string): Promise<void> {
    return this.#whileOpen(() => removeSchedule(this.#actor, name));
  }
}

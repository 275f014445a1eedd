import type { Backend } from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import { newName } from '../runtime/identity.ts';
import { persist } from '../runtime/persist.ts';
import { Service } from '../runtime/service.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { type Declared, declareSchedules, type ScheduleSet } from '../schedules/declared.ts';
import { prepareJob } from '../schedules/options.ts';

/** Writes the schedules of a manager's code when it starts. */
export class Declarer {
  readonly #backend: Backend;
  readonly #sets: readonly ScheduleSet[];
  readonly #surroundings: Surroundings;
  readonly #service: Service;

  constructor(backend: Backend, sets: readonly ScheduleSet[], surroundings: Surroundings) {
    this.#backend = backend;
    this.#sets = sets;
    this.#surroundings = surroundings;
    this.#service = new Service((stopping) => this.#declare(stopping));
  }

  /**
   * Checks the inputs of all jobs, so that a mistake in the code is told at once and not in the log.
   * @throws WingmanError as enqueueing them would
   */
  async check(): Promise<void> {
    for (const { schedules } of this.#sets) {
      for (const schedule of schedules) await prepareJob(schedule, this.#backend.maxPayload);
    }
  }

  start(): void {
    this.#service.start();
  }

  /** Settles when nothing is under way any more. What is left undone the next manager does that starts. */
  stop(): Promise<void> {
    return this.#service.stop();
  }

  async #declare(stopping: AbortSignal): Promise<void> {
    const actor = { backend: this.#backend, caller: new Caller(newName()) };
    for (const set of this.#sets) {
      try {
        const declared = await persist(
          () => declareSchedules(actor, set),
          `declaring the schedules of '${set.owner}'`,
          this.#surroundings,
          stopping,
        );
        this.#tell(set.owner, declared);
      } catch {
        // It is stopped, or the backend was closed under it: then nothing else works either.
        return;
      }
    }
  }

  #tell(owner: string, { created, changed, unchanged, takenOver, orphaned }: Declared): void {
    const { logger } = this.#surroundings;
    logger.info({ owner, created, changed, unchanged: unchanged.length }, 'schedules declared');
    for (const { name, from } of takenOver) {
      logger.warn(
        { owner, schedule: name, from },
        'a schedule was declared by another owner before, and is of this one now',
      );
    }
    for (const name of orphaned) {
      const message = 'a schedule is not declared in code any more: it goes on until it is removed';
      logger.warn({ owner, schedule: name }, message);
    }
  }
}

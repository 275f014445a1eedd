import type { Manager } from '../../manager/manager.ts';

/** Counts the jobs that wait for a lock, by the manager's events. */
export class HeldJobs {
  readonly #held = new Set<string>();
  /** Held before this process came: known by number only. */
  #earlier: number;
  #most: number;

  constructor(manager: Manager, earlier: number) {
    this.#earlier = earlier;
    this.#most = earlier;
    manager.on('held', ({ id }) => {
      this.#held.add(id);
      this.#most = Math.max(this.#most, this.now);
    });
    manager.on('granted', ({ id }) => {
      if (!this.#held.delete(id)) this.#earlier = Math.max(0, this.#earlier - 1);
    });
  }

  get now(): number {
    return this.#held.size + this.#earlier;
  }

  /** At one time. */
  get most(): number {
    return this.#most;
  }
}

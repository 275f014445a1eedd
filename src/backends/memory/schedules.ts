import type {
  DueSchedules,
  ScheduleStore,
  ScheduleWrite,
  ScheduleWritten,
  StoredSchedule,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { Desk } from './desk.ts';
import { enqueue } from './enqueueing.ts';

/** The recurring schedules, by name. */
export class MemorySchedules implements ScheduleStore {
  readonly #desk: Desk;
  readonly #schedules = new Map<string, StoredSchedule>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async find(name: string): Promise<StoredSchedule | null> {
    this.#desk.open();
    return this.#schedules.get(name) ?? null;
  }

  async names(offset: number, limit: number): Promise<readonly string[]> {
    this.#desk.open();
    return [...this.#schedules.keys()].sort().slice(offset, offset + limit);
  }

  /** When each has something to do. */
  dues(): number[] {
    return [...this.#schedules.values()].flatMap(({ due }) => due ?? []);
  }

  async due(offset: number, limit: number): Promise<DueSchedules> {
    const now = this.#desk.open();
    const sorted = [...this.#schedules.values()]
      .flatMap(({ name, due }) => (due === null ? [] : [{ name, due }]))
      .sort((a, b) => a.due - b.due || (a.name < b.name ? -1 : 1));
    const names = sorted.filter(({ due }) => due <= now).map(({ name }) => name);
    return {
      names: names.slice(offset, offset + limit),
      now,
      next: sorted[names.length]?.due ?? null,
    };
  }

  async write(call: Call, { replaces, job, ...schedule }: ScheduleWrite): Promise<ScheduleWritten> {
    return this.#desk.once(call, () => {
      const { version = null } = this.#schedules.get(schedule.name) ?? {};
      if (version !== replaces) return { version: null, job: null, moves: [] };
      const next = this.#desk.books.next();
      this.#schedules.set(schedule.name, { ...schedule, version: next });
      if (schedule.due !== null) this.#desk.isDue(schedule.due);
      const { results, moves } = job === undefined ? { results: [], moves: [] } : enqueue(this.#desk, [job]);
      return { version: next, job: results[0] ?? null, moves };
    });
  }

  async remove(call: Call, name: string): Promise<boolean> {
    return this.#desk.once(call, () => this.#schedules.delete(name));
  }
}

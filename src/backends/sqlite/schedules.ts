import type {
  DueSchedules,
  ScheduleStore,
  ScheduleWrite,
  ScheduleWritten,
  StoredSchedule,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { Books } from './books.ts';
import type { Connection } from './connection.ts';
import type { Desk } from './desk.ts';
import { enqueue } from './enqueueing.ts';
import { toStored } from './numbers.ts';
import { once } from './replies.ts';
import { integer, text } from './rows.ts';
import { schedules } from './statements.ts';

/** The recurring schedules: one row for each. */
export class SqliteSchedules implements ScheduleStore {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  find(name: string): Promise<StoredSchedule | null> {
    return this.#desk.read((connection) => find(connection, name));
  }

  names(offset: number, limit: number): Promise<readonly string[]> {
    return this.#desk.read((connection) => connection.all(schedules.names, limit, offset).map((row) => text(row.name)));
  }

  due(offset: number, limit: number): Promise<DueSchedules> {
    return this.#desk.read((connection) => {
      const now = this.#desk.settings.clock.now();
      const names = connection.all(schedules.due, now, limit, offset).map((row) => text(row.name));
      const next = connection.get(schedules.nextDue, now);
      return { names, now, next: next === undefined ? null : integer(next.due) };
    });
  }

  write(call: Call, write: ScheduleWrite): Promise<ScheduleWritten> {
    return this.#desk.write((books) => once(books, call, () => doWrite(books, write)));
  }

  remove(call: Call, name: string): Promise<boolean> {
    return this.#desk.write((books) => once(books, call, () => books.connection.run(schedules.remove, name) === 1));
  }
}

function find(connection: Connection, name: string): StoredSchedule | null {
  const row = connection.get(schedules.find, name);
  if (row === undefined) return null;
  return {
    name,
    version: integer(row.version),
    due: row.due === null ? null : integer(row.due),
    text: text(row.text),
  };
}

function doWrite(books: Books, { name, replaces, due, text, job }: ScheduleWrite): ScheduleWritten {
  const { version = null } = find(books.connection, name) ?? {};
  if (version !== replaces) return { version: null, job: null, moves: [] };
  const next = books.tallies.next();
  books.connection.run(schedules.write, name, next, due === null ? null : toStored(due), text);
  const { results, moves } = job === undefined ? { results: [], moves: [] } : enqueue(books, [job]);
  return { version: next, job: results[0] ?? null, moves };
}

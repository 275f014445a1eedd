import type { Standing, UniqueKeys } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { Extras } from '../../core/extras.ts';
import type { Connection } from './connection.ts';
import type { Desk } from './desk.ts';
import { toStored } from './numbers.ts';
import { once } from './replies.ts';
import { integer, text } from './rows.ts';
import { uniqueKeys } from './statements.ts';

/** The job that has a key, with what makes it that one. */
interface Holder extends Standing {
  readonly sequence: number;
}

/** What a job must say of itself to have a key. */
interface Unique {
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly extras?: Extras | undefined;
}

/** Who has a key of a type now. A job that is no longer in the books cannot have one, unless that was taken for a time. */
export function holderOf(connection: Connection, type: string, key: string, now: number): Holder | null {
  const row = connection.get(uniqueKeys.holder, type, key, now);
  if (row === undefined) return null;
  const holder = { sequence: integer(row.job), id: text(row.id), queue: text(row.queue) };
  return row.ends === null ? holder : { ...holder, until: integer(row.ends) };
}

/** Takes its key for a job, whoever had it. */
export function takeKey(connection: Connection, { sequence, id, type, queue, extras }: Unique, now: number): void {
  if (extras?.unique === undefined) return;
  const { key, while: state } = extras.unique;
  const ends = typeof state === 'number' ? toStored(now + state) : null;
  connection.run(uniqueKeys.take, type, key, sequence, id, queue, ends);
}

/** Whether a job that has ended may have its key again, and if so takes it. */
export function retakeKey(connection: Connection, job: Unique, now: number): boolean {
  const unique = job.extras?.unique;
  if (unique?.while !== 'until done') return true;
  if (holderOf(connection, job.type, unique.key, now) !== null) return false;
  takeKey(connection, job, now);
  return true;
}

/** Who has which unique key. */
export class SqliteUniqueKeys implements UniqueKeys {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async standing(type: string, key: string): Promise<Standing | null> {
    const now = this.#desk.settings.clock.now();
    const holder = await this.#desk.read((connection) => holderOf(connection, type, key, now));
    if (holder === null) return null;
    const { sequence: _, ...stands } = holder;
    return stands;
  }

  release(call: Call, type: string, key: string): Promise<boolean> {
    return this.#desk.write((books) =>
      once(books, call, () => books.connection.run(uniqueKeys.release, type, key, books.now) > 0),
    );
  }
}

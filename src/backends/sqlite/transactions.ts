import type { Clock } from '../../runtime/clock.ts';
import type { Connection } from './connection.ts';
import { isBusy, newer } from './errors.ts';
import { leaveWal, usesWal } from './journal.ts';
import type { Retries } from './retries.ts';
import { integer } from './rows.ts';
import { Turns } from './turns.ts';

export interface TransactionSettings {
  readonly path: string;
  readonly clock: Clock;
  /** The newest version of the books that this release knows. */
  readonly latest: number;
  /** Whether this version of SQLite must keep away from WAL (see `walIsSafe`). */
  readonly avoidWal: boolean;
}

// How long a commit may block this process, waiting for readers, in milliseconds. Only without WAL, where readers are in a
// writer's way.
const COMMIT_WAIT = 5;

/**
 * Runs steps in transactions, again from their start where other processes are in the way. Steps are synchronous and depend
 * on nothing but the books.
 */
export class Transactions {
  readonly #connection: Connection;
  readonly #retries: Retries;
  readonly #settings: TransactionSettings;
  /** Writes of this process that wait for their turn, so that they get it in the order they came. */
  readonly #waiting: (() => void)[] = [];
  readonly #turns: Turns;
  #isWriting = false;
  /** How the file was when its version of the books was looked at last. */
  #checked: number | undefined;

  constructor(connection: Connection, retries: Retries, settings: TransactionSettings) {
    this.#connection = connection;
    this.#retries = retries;
    this.#turns = new Turns(settings.clock);
    this.#settings = settings;
  }

  /** Runs a step in one transaction, while nobody else writes. What it throws undoes it. */
  async write<Result>(step: () => Result): Promise<Result> {
    const started = this.#retries.start();
    if (this.#isWriting) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isWriting = true;
    try {
      const gap = this.#turns.gap();
      if (gap !== null) await this.#retries.pause(gap);
      const [result, version] = await this.#retries.run(() => this.#transact('BEGIN IMMEDIATE', step), started);
      this.#turns.wrote(version);
      return result;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#isWriting = false;
      else next();
    }
  }

  /** Runs a step that only reads, and sees the books as they are at one moment. */
  async read<Result>(step: () => Result): Promise<Result> {
    const [result] = await this.#retries.run(() => this.#transact('BEGIN', step));
    return result;
  }

  /** What a step gives, and a number that changes with what other connections write. */
  #transact<Result>(
    begin: 'BEGIN' | 'BEGIN IMMEDIATE',
    step: () => Result,
  ): readonly [result: Result, version: number] {
    this.#connection.run(begin);
    try {
      const version = this.#check();
      const result = step();
      this.#commit();
      return [result, version];
    } catch (thrown) {
      this.#rollback();
      throw thrown;
    }
  }

  /** A newer release may have changed the file under us, and a process with a newer SQLite may have turned on WAL. */
  #check(): number {
    const { avoidWal } = this.#settings;
    const version = this.#checkVersion();
    if (!avoidWal || !usesWal(this.#connection)) return version;
    this.#rollback();
    leaveWal(this.#connection);
    this.#connection.run('BEGIN IMMEDIATE');
    return this.#checkVersion();
  }

  #checkVersion(): number {
    const { path, latest } = this.#settings;
    const version = integer(this.#connection.get('PRAGMA data_version')?.data_version);
    // Where nobody else has written, nobody has changed that.
    if (version === this.#checked) return version;
    const books = integer(this.#connection.get('PRAGMA user_version')?.user_version);
    if (books > latest) throw newer(path, books, latest);
    this.#checked = version;
    return version;
  }

  #commit(): void {
    try {
      this.#connection.run('COMMIT');
    } catch (thrown) {
      if (!isBusy(thrown)) throw thrown;
      // Readers are in the way. New ones are kept out by now, so this ends soon; if not, the step is undone.
      this.#connection.exec(`PRAGMA busy_timeout = ${COMMIT_WAIT}`);
      try {
        this.#connection.run('COMMIT');
      } finally {
        this.#connection.exec('PRAGMA busy_timeout = 0');
      }
    }
  }

  #rollback(): void {
    try {
      this.#connection.run('ROLLBACK');
    } catch {
      // SQLite has ended the transaction itself, as it does when there is no room.
    }
  }
}

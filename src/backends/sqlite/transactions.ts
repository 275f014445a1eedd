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

// How long steps go on to join a transaction, in milliseconds.
const SHARED = 2;

interface Write {
  /** When it was asked for. */
  readonly started: number;
  readonly run: () => void;
  /** It is in the file. */
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Runs steps in transactions, again from their start where other processes are in the way. Steps are synchronous and depend
 * on nothing but the books.
 */
export class Transactions {
  readonly #connection: Connection;
  readonly #retries: Retries;
  readonly #settings: TransactionSettings;
  /** What is to be written, in the order in which it came. */
  readonly #writes: Write[] = [];
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

  /**
   * Runs a step in a transaction, while nobody else writes. What it throws undoes it. Steps that come while others are written
   * share a transaction: to commit takes as long as dozens of steps.
   */
  write<Result>(step: () => Result): Promise<Result> {
    const started = this.#retries.start();
    return new Promise<Result>((resolve, reject) => {
      let result: Result;
      const run = (): void => {
        result = step();
      };
      this.#writes.push({ started, run, resolve: () => resolve(result), reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // So many have failed together: each gets a transaction of its own, so that none undoes the others.
    let alone = 0;
    while (this.#writes.length > 0) {
      const gap = this.#turns.gap();
      if (gap === 0) await this.#settings.clock.turn();
      else if (gap !== null) await this.#retries.pause(gap);
      const areSettled = await this.#writeSome(alone > 0 ? 1 : this.#writes.length);
      alone = areSettled ? Math.max(0, alone - 1) : this.#writes.length;
    }
    this.#isWriting = false;
  }

  /** Runs the first writes, `most` at most, in one transaction, and settles them; but not where several failed: false. */
  async #writeSome(most: number): Promise<boolean> {
    let tried = 0;
    const step = (): void => {
      const end = this.#settings.clock.monotonic() + SHARED;
      for (const { run } of this.#writes) {
        if (tried === most || (tried > 0 && this.#settings.clock.monotonic() >= end)) break;
        tried += 1;
        run();
      }
    };
    const attempt = (): number => {
      tried = 0;
      return this.#transact('BEGIN IMMEDIATE', step)[1];
    };
    try {
      this.#turns.wrote(await this.#retries.run(attempt, this.#writes[0]?.started));
    } catch (thrown) {
      if (tried > 1) return false;
      this.#writes.shift()?.reject(thrown);
      return true;
    }
    for (const { resolve } of this.#writes.splice(0, tried)) resolve();
    return true;
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

import type { Database, Row, Statement, Value } from './driver.ts';

/** One open file. Each statement is prepared once, when it is used first. */
export class Connection {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  /** Those that give rows as arrays. */
  readonly #arrays = new Map<string, Statement>();
  #seen: readonly Value[] = [];
  #isOpen = true;

  constructor(database: Database) {
    this.#database = database;
    database.function('seen', { varargs: true }, (...values) => {
      this.#seen = values;
      return null;
    });
  }

  /** Runs statements that give no rows. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Returns how many rows were changed. */
  run(sql: string, ...values: Value[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** The first row, if there is one. All that the statement changes is changed nevertheless. */
  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  all(sql: string, ...values: Value[]): readonly Row[] {
    return this.#prepare(sql).all(...values);
  }

  /** The rows of a statement as arrays of their values, in the order of its columns, whose names must differ. */
  rows(sql: string, ...values: Value[]): readonly (readonly Value[])[] {
    let statement = this.#arrays.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays?.(true);
      this.#arrays.set(sql, statement);
    }
    const rows = statement.all(...values);
    return rows.map((row) => (Array.isArray(row) ? row : Object.values(row)));
  }

  /**
   * The values of some expressions, without a statement that is kept: the driver of Node 20 lets go of a file only when the
   * garbage collector has found the last of its statements, and until then -wal and -shm files stay beside it.
   */
  look(expressions: string): readonly Value[] {
    this.#database.exec(`SELECT seen(${expressions})`);
    return this.#seen;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#statements.clear();
    this.#arrays.clear();
    this.#database.close();
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

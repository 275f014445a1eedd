import { WingmanError } from '../../core/errors.ts';

/** What a column holds, and what a parameter may be. */
export type Value = null | number | bigint | string | Uint8Array;

export type Row = Readonly<Record<string, Value>>;

export interface Statement {
  run(...values: Value[]): { readonly changes: number | bigint };
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
  /** Has rows given as arrays of their values. Node has it from 22.16 on. */
  setReturnArrays?(isOn: boolean): void;
}

/** As much of SQLite as this backend uses. Both drivers are synchronous and have these methods. */
export interface Database {
  /** Runs statements that give no rows. */
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** Adds a function that statements may call. */
  function(name: string, options: { readonly varargs: true }, call: (...values: Value[]) => Value): void;
  close(): void;
}

export interface Driver {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => Database;
}

const HINT = 'use Node 22.13 or later, which has SQLite built in, or install the package @photostructure/sqlite';

/**
 * Node's own SQLite where it has one (22.13 and later), else the package with the same interface.
 * @throws WingmanError `WINGMAN_SQLITE_DRIVER` where there is neither
 */
export async function loadDriver(): Promise<Driver> {
  // Asked for in this way, a Node without it says so quietly; an import would fail.
  const builtin: Driver | undefined = process.getBuiltinModule('node:sqlite');
  if (builtin !== undefined) return builtin;
  try {
    return await import('@photostructure/sqlite');
  } catch (cause) {
    const message = `there is no SQLite for Node ${process.versions.node}: ${HINT}`;
    throw new WingmanError('WINGMAN_SQLITE_DRIVER', message, { cause });
  }
}

// What the tests of a SQLite file share: a folder of a test's own, and what others may do to the file in it.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { Connection } from '../../../src/backends/sqlite/connection.ts';
import { loadDriver } from '../../../src/backends/sqlite/driver.ts';
import { openFile } from '../../../src/backends/sqlite/file.ts';
import { open, type SqliteOptions } from '../../../src/backends/sqlite/index.ts';
import { LATEST } from '../../../src/backends/sqlite/migrations.ts';
import { SqliteBackend } from '../../../src/backends/sqlite/sqlite-backend.ts';
import type { Backend } from '../../../src/contract/backend.ts';
import { Caller } from '../../../src/contract/call.ts';
import type { NewJob } from '../../../src/core/envelope.ts';
import { WingmanError } from '../../../src/core/errors.ts';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { newId, newName } from '../../../src/runtime/identity.ts';

/** A new folder, which is removed when the test ends. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wingman-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Where a file of jobs may be made. */
export async function newPath(): Promise<string> {
  return join(await makeFolder(), 'jobs.db');
}

/** A connection that goes past the backend: what somebody with a SQLite shell would have. Closed when the test ends. */
export async function openRaw(path: string): Promise<Connection> {
  const { DatabaseSync } = await loadDriver();
  const connection = new Connection(new DatabaseSync(path, { readOnly: false }));
  onTestFinished(() => connection.close());
  return connection;
}

/** Runs statements that give no rows, and has let go of the file when it resolves. */
export async function execute(path: string, sql: string): Promise<void> {
  const connection = await openRaw(path);
  connection.exec(sql);
  connection.close();
}

/** The value of an expression. Lets go of the file as well. */
export async function valueIn(path: string, expression: string): Promise<unknown> {
  const connection = await openRaw(path);
  const [value] = connection.look(`(${expression})`);
  connection.close();
  return value;
}

/** Makes a file with the tables of the backend, as this version of it had them, and with whatever else is said of it. */
export async function makeBooks(
  path: string,
  { application = 0x77_69_6e_67, version = LATEST, journal = 'WAL' } = {},
): Promise<void> {
  const folder = new URL('../../../src/backends/sqlite/sql/', import.meta.url);
  const names = (await readdir(folder)).sort().slice(0, version);
  const tables = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  const header = `PRAGMA application_id = ${application}; PRAGMA user_version = ${version};`;
  await execute(path, `PRAGMA journal_mode = ${journal}; ${tables.join(';')}; ${header}`);
}

/** A backend that is closed when the test ends. */
export async function openStore(path: string, options: SqliteOptions = {}): Promise<Backend> {
  const backend = await open({ path, ...options });
  onTestFinished(() => backend.close());
  return backend;
}

export interface InsideOptions {
  readonly isSafe?: (version: string) => boolean;
  readonly clock?: Clock;
  readonly busyTimeout?: number;
}

/** The same, with the connection that it has. */
export async function openInside(
  path: string,
  { isSafe, clock = systemClock, busyTimeout = 30_000 }: InsideOptions = {},
): Promise<{ backend: Backend; connection: Connection }> {
  const settings = { path, clock, busyTimeout, synchronous: 'full', maxPayload: 1e6, grantTimeout: 1e4 } as const;
  const file = await openFile(settings, isSafe);
  const backend = new SqliteBackend(file, { ...settings, pollInterval: 5, reopen: null });
  onTestFinished(() => backend.close());
  return { backend, connection: file.connection };
}

/** What a call was refused with, which must be an error of ours. */
export async function refusal(call: Promise<unknown>): Promise<WingmanError> {
  const error: unknown = await call.then(
    () => expect.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  return error instanceof WingmanError ? error : expect.fail(`no error of ours: ${error}`);
}

export function newJob(fields: Partial<NewJob> = {}): NewJob {
  return { id: newId(), type: 'greet', queue: 'q', payload: '1', locks: [], ...fields };
}

const callers = new WeakMap<Backend, Caller>();

/** Enqueues jobs in one call. */
export async function enqueue(backend: Backend, ...jobs: NewJob[]): Promise<void> {
  const caller = callers.get(backend) ?? new Caller(newName());
  callers.set(backend, caller);
  await caller.call((call) => backend.enqueue(call, jobs));
}

/** The files of a folder by their names, with what is in them. */
export async function contentsOf(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'latin1')] as const)),
  );
}

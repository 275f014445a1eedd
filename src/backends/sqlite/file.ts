import { accessSync, constants, existsSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, WingmanError } from '../../core/errors.ts';
import { Connection } from './connection.ts';
import { type Driver, loadDriver } from './driver.ts';
import { needsRecovery, readOnly } from './errors.ts';
import { enterWal, leaveWal, usesWal, walIsSafe } from './journal.ts';
import { LATEST, migrate, versionOf } from './migrations.ts';
import { Retries, type RetrySettings } from './retries.ts';
import { text } from './rows.ts';
import { Transactions } from './transactions.ts';

export interface FileSettings extends RetrySettings {
  /** `full`: a commit is on the disk. `normal`: with WAL, the last ones may be lost when the machine (not a process) fails. */
  readonly synchronous: 'full' | 'normal';
}

/** A file of ours, open and brought up to date. */
export interface OpenFile {
  readonly connection: Connection;
  readonly retries: Retries;
  readonly transactions: Transactions;
}

// With a rollback journal, `full` leaves out the folder: after a power failure the journal might be there again, and undo
// what was committed last. With WAL the two are the same (https://sqlite.org/pragma.html#pragma_synchronous).
const LEVELS = { full: 'EXTRA', normal: 'NORMAL' } as const;

/**
 * Opens a file, or makes it.
 * @param isSafe whether several processes may use WAL under a version of SQLite
 * @throws WingmanError `WINGMAN_SQLITE_DRIVER`, `_OPEN`, `_READ_ONLY`, `_NOT_OURS`, `_NEWER`, `_FULL`; `WINGMAN_BACKEND_BUSY`
 */
export async function openFile(settings: FileSettings, isSafe = walIsSafe): Promise<OpenFile> {
  const { path, clock, synchronous } = settings;
  const driver = await loadDriver();
  const retries = new Retries(settings);
  const isThere = checkAccess(path);
  if (isThere) await retries.run(() => look(path, driver));
  const connection = await retries.run(() => connect(path, driver));
  try {
    connection.exec(`PRAGMA busy_timeout = 0; PRAGMA synchronous = ${LEVELS[synchronous]}`);
    const [version] = connection.look('sqlite_version()');
    const avoidWal = !isSafe(text(version));
    await retries.run(() => chooseJournal(connection, path, avoidWal));
    const transactions = new Transactions(connection, retries, { path, clock, latest: LATEST, avoidWal });
    await transactions.write(() => migrate(connection, path));
    return { connection, retries, transactions };
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

/**
 * Says what SQLite would put less clearly. Nothing is opened for it: closing it again would drop the locks that other
 * connections of this process have on the file (https://sqlite.org/howtocorrupt.html, 2.2).
 * @returns whether there is something in the file
 */
function checkAccess(path: string): boolean {
  const folder = dirname(path);
  if (statsOf(folder, path)?.isDirectory() !== true) {
    throw cannotOpen(path, `there is no folder ${folder}; make it first`);
  }
  const stats = statsOf(path, path);
  if (stats?.isFile() === false)
    throw cannotOpen(path, stats.isDirectory() ? 'it is a folder' : 'it is no regular file');
  try {
    // The journal, or the write-ahead log, is made beside the file.
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (stats !== undefined) accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw readOnly(path, cause);
  }
  return stats !== undefined && stats.size > 0;
}

/** What there is in a place; undefined where there is nothing. */
function statsOf(place: string, path: string): Stats | undefined {
  try {
    return statSync(place, { throwIfNoEntry: false });
  } catch (cause) {
    // A folder on the way that may not be searched, or that is none.
    throw cannotOpen(path, messageOf(cause), cause);
  }
}

/**
 * Sees whose file it is; what is not ours stays as it is. So this only reads where something may have been left half done,
 * which SQLite would set right. Where nothing was, a connection that may write changes nothing, and takes the files of the
 * write-ahead log away again, as one that only reads does not.
 */
function look(path: string, { DatabaseSync }: Driver): void {
  const readOnly = existsSync(`${path}-wal`) || existsSync(`${path}-journal`);
  const connection = new Connection(new DatabaseSync(path, { readOnly }));
  try {
    versionOf(connection, path);
  } catch (thrown) {
    // Its last writer was ended midway: SQLite must set it right first, which needs a connection that may write.
    if (!needsRecovery(thrown)) throw thrown;
  } finally {
    connection.close();
  }
}

function connect(path: string, { DatabaseSync }: Driver): Connection {
  return new Connection(new DatabaseSync(path, { readOnly: false }));
}

/**
 * A new file gets the write-ahead log where it is safe. One with books keeps the mode it has, since its other users may be
 * of a SQLite that must not use WAL, and in the rollback mode nothing shows that they are there; but where we are such a
 * user, WAL is left.
 */
function chooseJournal(connection: Connection, path: string, avoidWal: boolean): void {
  const version = versionOf(connection, path);
  if (avoidWal && usesWal(connection)) leaveWal(connection);
  if (!avoidWal && version === 0) enterWal(connection);
}

function cannotOpen(path: string, why: string, cause?: unknown): WingmanError {
  return new WingmanError('WINGMAN_SQLITE_OPEN', `SQLite file ${path} cannot be opened: ${why}`, { cause });
}

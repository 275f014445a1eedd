import { BackendError, messageOf, WingmanError } from '../../core/errors.ts';

/** SQLite's result codes that mean something to us (https://sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const PROTOCOL = 15;
const NOTADB = 26;
const IOERR_SHMSIZE = 4874;

/** SQLite's own words for them. The driver of Node 20 leaves the code out where it was reading several rows. */
const WORDS: ReadonlyMap<string, number> = new Map([
  ['database is locked', BUSY],
  ['database table is locked', LOCKED],
  ['attempt to write a readonly database', READONLY],
  ['disk I/O error', IOERR],
  ['database disk image is malformed', CORRUPT],
  ['database or disk is full', FULL],
  ['unable to open database file', CANTOPEN],
  ['locking protocol', PROTOCOL],
  ['file is not a database', NOTADB],
]);

/** The extended result code of an error of SQLite's, or undefined for any other. */
function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const code: unknown = Reflect.get(thrown, 'errcode');
  if (typeof code === 'number') return code;
  return Reflect.get(thrown, 'code') === 'ERR_SQLITE_ERROR' ? WORDS.get(thrown.message) : undefined;
}

/** Whether another process is using the file just now: the same may work a moment later. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown);
  // PROTOCOL: too many processes changed the WAL's lock at once.
  return code !== undefined && [BUSY, LOCKED, PROTOCOL].includes(code & 0xff);
}

/** Whether a connection that may only read has met what a dead writer left half done. */
export function needsRecovery(thrown: unknown): boolean {
  return ((resultCode(thrown) ?? 0) & 0xff) === READONLY;
}

/** Says what went wrong with the file, in an error of ours. An error of ours is given back as it is. */
export function toWingmanError(thrown: unknown, path: string): WingmanError {
  if (thrown instanceof WingmanError) return thrown;
  const code = resultCode(thrown);
  const options = { cause: thrown };
  switch (code === undefined ? undefined : code & 0xff) {
    case READONLY:
      return readOnly(path, thrown);
    case FULL:
      return full(path, thrown);
    case CANTOPEN:
      return new WingmanError(
        'WINGMAN_SQLITE_OPEN',
        `SQLite file ${path} cannot be opened: ${messageOf(thrown)}`,
        options,
      );
    case NOTADB:
      return notOurs(path, 'it is no SQLite database', thrown);
    case CORRUPT: {
      const hint = "stop all who use it, look at it with SQLite's PRAGMA integrity_check, and restore a copy";
      return new WingmanError('WINGMAN_BACKEND_FAILED', `SQLite file ${path} is damaged: ${hint}`, options);
    }
  }
  if (code === IOERR_SHMSIZE) return full(path, thrown);
  if (((code ?? 0) & 0xff) === IOERR) return unwritten(path, thrown);
  return new WingmanError('WINGMAN_BACKEND_FAILED', `SQLite file ${path}: ${messageOf(thrown)}`, options);
}

/** A disk that fails at the commit may have taken it all the same. */
function unwritten(path: string, cause: unknown): BackendError {
  const hint = 'whether the call was done is not known; look at the disk, and repeat the call under the same id';
  const message = `SQLite file ${path} could not be read or written: ${messageOf(cause)}; ${hint}`;
  return new BackendError('WINGMAN_BACKEND_FAILED', message, 'unknown', { cause });
}

// A transaction that failed was rolled back: what one of these tells of was not done.

export function busy(path: string, milliseconds: number, cause: unknown): BackendError {
  const what = `SQLite file ${path} was in use by other processes for ${milliseconds} ms`;
  const message = `${what}: nothing was done; try again, or raise busyTimeout`;
  return new BackendError('WINGMAN_BACKEND_BUSY', message, 'not done', { cause });
}

export function closed(path: string): BackendError {
  return new BackendError('WINGMAN_BACKEND_CLOSED', `the backend of SQLite file ${path} is closed`, 'not done');
}

export function readOnly(path: string, cause: unknown): BackendError {
  const hint = 'the file, and the folder it is in, must be writable';
  const message = `SQLite file ${path} cannot be written: ${hint}`;
  return new BackendError('WINGMAN_SQLITE_READ_ONLY', message, 'not done', { cause });
}

function full(path: string, cause: unknown): BackendError {
  const hint = 'nothing was done and nothing is lost; it goes on when there is room again';
  const message = `there is no room for SQLite file ${path}: ${hint}`;
  return new BackendError('WINGMAN_SQLITE_FULL', message, 'not done', { cause });
}

export function notOurs(path: string, why: string, cause?: unknown): WingmanError {
  const hint = 'it is left as it is; give the path of a new file, or of one made by this backend';
  return new WingmanError('WINGMAN_SQLITE_NOT_OURS', `${path} is not a file of this backend: ${why}; ${hint}`, {
    cause,
  });
}

export function newer(path: string, found: number, known: number): WingmanError {
  const versions = `it has version ${found}, and this release knows versions up to ${known}`;
  const message = `SQLite file ${path} was made by a newer release: ${versions}; upgrade wingmanjs here as well`;
  return new WingmanError('WINGMAN_SQLITE_NEWER', message);
}

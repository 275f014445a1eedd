import type { Connection } from './connection.ts';

/**
 * Whether several processes may use one file in WAL mode under this version of SQLite: older ones can corrupt it when a
 * checkpoint in one process meets the WAL's restart in another (https://sqlite.org/wal.html, the WAL-reset bug).
 */
export function walIsSafe(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3) return major > 3;
  if (minor === 44) return patch >= 6;
  if (minor === 50) return patch >= 7;
  if (minor === 51) return patch >= 3;
  return minor > 51;
}

export function usesWal(connection: Connection): boolean {
  const [mode] = connection.look('(SELECT journal_mode FROM pragma_journal_mode)');
  return mode === 'wal';
}

/** Turns WAL on for everyone who uses the file, where its file system can do it. Others in the file make it busy. */
export function enterWal(connection: Connection): void {
  connection.exec('PRAGMA journal_mode = WAL');
}

/** Turns WAL off for everyone. Others who have the file open make it busy. */
export function leaveWal(connection: Connection): void {
  connection.exec('PRAGMA journal_mode = DELETE');
}

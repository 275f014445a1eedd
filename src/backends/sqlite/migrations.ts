import { readFileSync } from 'node:fs';
import type { Connection } from './connection.ts';
import { newer, notOurs } from './errors.ts';
import { integer } from './rows.ts';

/** In the header of each file of ours (`PRAGMA application_id`): "wing" in ASCII. */
const APPLICATION_ID = 0x77_69_6e_67;

/** Applied in this order and never changed after a release: a change is a new file at the end. */
const MIGRATIONS: readonly string[] = [
  '001-books.sql',
  '002-patience.sql',
  '003-cancels.sql',
  '004-limits.sql',
  '005-schedules.sql',
  '006-unique-keys.sql',
  '007-results.sql',
];

/** The version of the books that this release reads and writes: the number of its last migration. */
export const LATEST = MIGRATIONS.length;

const HEADER = `(SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
  EXISTS (SELECT 1 FROM sqlite_schema)`;

/**
 * The version of the books in a file, or 0 where it is empty.
 * @throws WingmanError `WINGMAN_SQLITE_NOT_OURS` or `_NEWER`
 */
export function versionOf(connection: Connection, path: string): number {
  const [application, found, hasSchema] = connection.look(HEADER);
  const version = integer(found);
  if (application === 0 && version === 0 && hasSchema === 0) return 0;
  if (application !== APPLICATION_ID) throw notOurs(path, 'it is a SQLite database of another application');
  if (version > LATEST) throw newer(path, version, LATEST);
  return version;
}

/**
 * Brings the books to the latest version. Runs inside a transaction, so that of several processes that open a new file at
 * once one does it, and the others find it done.
 * @throws WingmanError `WINGMAN_SQLITE_NOT_OURS` or `_NEWER`
 */
export function migrate(connection: Connection, path: string): void {
  const version = versionOf(connection, path);
  if (version === LATEST) return;
  for (const name of MIGRATIONS.slice(version)) {
    connection.exec(readFileSync(new URL(`./sql/${name}`, import.meta.url), 'utf8'));
  }
  connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${LATEST}`);
}

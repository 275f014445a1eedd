import { Connection } from '../../../src/backends/sqlite/connection.ts';
import { loadDriver } from '../../../src/backends/sqlite/driver.ts';

/** A connection that goes past the backend: what somebody with a SQLite shell would have. */
export async function openRaw(path: string): Promise<Connection> {
  const { DatabaseSync } = await loadDriver();
  return new Connection(new DatabaseSync(path, { readOnly: false }));
}

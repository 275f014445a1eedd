import { BackendError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { infoFacts } from './info.ts';

export const OLDEST_VERSION = 7;

/**
 * Checks that a server can keep what is promised.
 * @throws BackendError `WINGMAN_BACKEND_REFUSED` for Redis before 7.0, or one that may evict jobs when its memory is full
 */
export async function checkServer(connection: Connection, allowEviction: boolean): Promise<void> {
  const fact = infoFacts(await connection.do((client) => client.info()));
  const version = fact('redis_version');
  if (version !== undefined && Number.parseInt(version, 10) < OLDEST_VERSION) {
    // Older ones refuse to settle jobs when their memory is full, and there is no way to tell them otherwise.
    throw refused(`${connection.location} is Redis ${version}; ${OLDEST_VERSION}.0 or newer is needed`);
  }
  const policy = fact('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction' && !allowEviction) {
    throw refused(
      `${connection.location} has maxmemory-policy '${policy}': it would delete jobs when its memory is full. ` +
        "Set it to 'noeviction', or pass allowEviction: true if losing jobs is all right",
    );
  }
}

function refused(message: string): BackendError {
  return new BackendError('WINGMAN_BACKEND_REFUSED', message, 'not done');
}

import type { Backend } from '../contract/backend.ts';
import { InvalidOptionError, shown, WingmanError, withoutPassword } from '../core/errors.ts';
import { checkMaxPayload } from '../core/payload.ts';

/** What every backend takes, whichever its URL names. */
export interface CommonOptions {
  /** The largest payload, in bytes of JSON; 1 MiB when left out. */
  readonly maxPayload?: number;
  /** How long a place that came free is kept for a job before it may pass to another queue, in milliseconds. */
  readonly grantTimeout?: number;
}

/**
 * Opens a backend by its URL: `redis://host:port/db`, `rediss://…`, `sqlite:path`, `memory:`. Only the one that is named is
 * loaded, so a program on SQLite never loads a Redis client.
 * @throws WingmanError `WINGMAN_BACKEND_URL` for any other URL, and what the backend's own `open` throws; InvalidOptionError
 */
export async function openBackend(url: string, options: CommonOptions = {}): Promise<Backend> {
  checkOptions(options);
  const scheme = typeof url === 'string' ? /^([a-z]+):/i.exec(url)?.[1]?.toLowerCase() : undefined;
  switch (scheme) {
    case 'redis':
    case 'rediss':
      return (await import('./redis/index.ts')).open({ ...options, url });
    case 'sqlite':
      return (await import('./sqlite/index.ts')).open({ ...options, url });
    case 'memory':
      return (await import('./memory/index.ts')).open(options);
    default:
      throw new WingmanError(
        'WINGMAN_BACKEND_URL',
        `a backend's URL is redis://host:port, rediss://host:port, sqlite:path or memory:; received ${shown(withoutPassword(url))}`,
      );
  }
}

function checkOptions({ maxPayload, grantTimeout }: CommonOptions): void {
  if (maxPayload !== undefined) checkMaxPayload(maxPayload);
  if (grantTimeout !== undefined && !(Number.isFinite(grantTimeout) && grantTimeout > 0)) {
    throw new InvalidOptionError('grantTimeout', 'a number of milliseconds above 0', grantTimeout);
  }
}

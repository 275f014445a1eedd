/** `wingmanjs/redis`: jobs on a Redis server of version 7.0 or newer, or on what speaks its protocol. */
import type { RedisOptions } from 'ioredis';
import { GRANT_TIMEOUT } from '../../contract/backend.ts';
import { type StageOptions, Stages } from '../../contract/stages.ts';
import { InvalidOptionError, shown, WingmanError, withoutPassword } from '../../core/errors.ts';
import { MAX_PAYLOAD_BYTES } from '../../core/payload.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { connect, type RedisClient } from './connecting.ts';
import { Keys } from './keys.ts';
import { RedisBackend } from './redis-backend.ts';
import { reopening } from './reopening.ts';
import { checkServer } from './requirements.ts';

export type { RedisClient } from './connecting.ts';
export { RedisBackend } from './redis-backend.ts';

/** Where Redis is: a URL, the options of the ioredis client (`host`, `port`, `path`, `tls`, …), or a client of one's own. */
export interface RedisBackendOptions extends Omit<RedisOptions, 'keyPrefix'> {
  /** `redis://user:password@host:port/db`, or `rediss://…` for TLS. */
  readonly url?: string;
  /** An ioredis client, whose settings are used for connections of our own; it is never closed. */
  readonly client?: RedisClient;
  /** What all keys begin with; `wingman` when left out. May hold a hash tag, as `{wingman}`. */
  readonly prefix?: string;
  /** The largest payload, in bytes of JSON; 1 MiB when left out. */
  readonly maxPayload?: number;
  /** How long a place that came free is kept for a job before it may pass to another queue, in milliseconds. */
  readonly grantTimeout?: number;
  /** Take a server that deletes keys when its memory is full, and lose jobs then. */
  readonly allowEviction?: boolean;
  readonly clock?: Clock;
}

/**
 * Connects to Redis.
 * @throws BackendError `WINGMAN_BACKEND_UNREACHABLE` with host, port and cause; `WINGMAN_BACKEND_REFUSED` for a server that
 *   cannot keep what is promised; WingmanError `WINGMAN_BACKEND_URL`. No handle is left open then.
 */
export async function open(options: RedisBackendOptions | string = {}): Promise<RedisBackend> {
  const settings = typeof options === 'string' ? { url: options } : options;
  const {
    url,
    client,
    prefix,
    maxPayload,
    grantTimeout,
    allowEviction,
    clock = systemClock,
    ...redisOptions
  } = settings;
  if (url !== undefined && !isRedisUrl(url)) {
    const received = shown(withoutPassword(url));
    throw new WingmanError(
      'WINGMAN_BACKEND_URL',
      `a Redis URL is redis://host:port or rediss://host:port; received ${received}`,
    );
  }
  if ('keyPrefix' in redisOptions)
    throw new InvalidOptionError('keyPrefix', "left out; use 'prefix'", redisOptions.keyPrefix);
  if (prefix !== undefined && !/^[^\s\p{Cc}]{1,128}$/u.test(prefix)) {
    throw new InvalidOptionError('prefix', 'text of 1 to 128 characters without spaces', prefix);
  }
  const connection = await connect(url, redisOptions, clock, client);
  try {
    await checkServer(connection, allowEviction === true);
  } catch (error) {
    connection.close();
    throw error;
  }
  return new RedisBackend({
    connection,
    keys: new Keys(prefix ?? 'wingman'),
    clock,
    reopen: reopening(import.meta.url, settings),
    maxPayload: maxPayload ?? MAX_PAYLOAD_BYTES,
    grantTimeout: grantTimeout ?? GRANT_TIMEOUT,
  });
}

/** Connects to Redis and gives the stages one at a time. */
export async function init(options: (RedisBackendOptions & StageOptions) | string = {}): Promise<Stages> {
  if (typeof options === 'string') return new Stages(await open(options));
  const { blockingTimeout, lease, ...rest } = options;
  const backend = await open(rest);
  return new Stages(backend, {
    ...(blockingTimeout !== undefined && { blockingTimeout }),
    ...(lease !== undefined && { lease }),
  });
}

function isRedisUrl(url: string): boolean {
  if (!/^rediss?:\/\//i.test(url) || !URL.canParse(url)) return false;
  // A path that is no database number is mostly the rest of a password with a character that was not escaped.
  return /^\/?\d*$/.test(new URL(url).pathname);
}

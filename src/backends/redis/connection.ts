import { Redis, type RedisOptions } from 'ioredis';
import { messageOf, WingmanError } from '../../core/errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type ScriptName, script } from './scripts.ts';

/** What we need of a Redis client: a user may hand in one of their own (ioredis, or one with its shape). */
export interface RedisClient {
  duplicate(options?: Partial<RedisOptions>): Redis;
}

const CONNECT_TIMEOUT = 5_000;
const COMMAND_TIMEOUT = 10_000;
const LONGEST_RECONNECT_WAIT = 1_000;

/** The error codes of Redis that say: not now, or not like this. Nothing was changed. */
const REFUSALS =
  /^(OOM|READONLY|LOADING|MISCONF|NOAUTH|WRONGPASS|NOPERM|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY) /;

/** One connection: commands and scripts, with errors in our words. */
export class Connection {
  readonly client: Redis;
  readonly location: string;

  constructor(client: Redis) {
    this.client = client;
    this.location = locate(client.options);
    // ioredis writes unheard errors to the console; each of ours reaches the call that it concerns.
    client.on('error', () => undefined);
  }

  /**
   * Runs a script by its hash; a server that does not know it (it was restarted, or its scripts were flushed) gets the source.
   * Repeats are harmless: every script that changes something knows the calls that it has had.
   */
  async run(name: ScriptName, sequenceKey: string, args: readonly (string | number)[]): Promise<unknown> {
    const { sha, source } = script(name);
    try {
      return await this.client.evalsha(sha, 1, sequenceKey, ...args);
    } catch (error) {
      if (!messageOf(error).startsWith('NOSCRIPT')) throw this.describe(error);
    }
    return this.do(() => this.client.eval(source, 1, sequenceKey, ...args));
  }

  /** Runs a command, with its errors in our words. */
  async do<Reply>(command: () => Promise<Reply>): Promise<Reply> {
    try {
      return await command();
    } catch (error) {
      throw this.describe(error);
    }
  }

  describe(cause: unknown): WingmanError {
    const message = messageOf(cause);
    if (REFUSALS.test(message)) {
      return new WingmanError('WINGMAN_BACKEND_REFUSED', `${this.location} refused: ${message}`, { cause });
    }
    if (this.client.status === 'end') {
      return new WingmanError('WINGMAN_BACKEND_CLOSED', `the connection to ${this.location} is closed`, { cause });
    }
    if (cause instanceof Error && cause.name === 'ReplyError') {
      return new WingmanError('WINGMAN_BACKEND_FAILED', `${this.location} failed: ${message}`, { cause });
    }
    return new WingmanError('WINGMAN_BACKEND_UNREACHABLE', `${this.location} cannot be reached: ${message}`, { cause });
  }
}

/**
 * Connects and waits until the server answers.
 * @throws WingmanError `WINGMAN_BACKEND_UNREACHABLE` with host and port and the cause, `WINGMAN_BACKEND_REFUSED`; no handle
 *   is left open then
 */
export async function connect(
  url: string | undefined,
  options: RedisOptions,
  client?: RedisClient,
): Promise<Connection> {
  let isConnected = false;
  const settings: RedisOptions & { replyMapping: 'legacy' } = {
    connectTimeout: CONNECT_TIMEOUT,
    // A server that was stopped keeps its connections open and answers nothing.
    commandTimeout: COMMAND_TIMEOUT,
    ...options,
    lazyConnect: true,
    // Shapes of replies and keys that our scripts count on, whatever a user's own client has.
    replyMapping: 'legacy',
    stringNumbers: false,
    keyPrefix: '',
    // The first connection is tried once, so that a wrong address is told at once; after that, cuts are mended for good.
    retryStrategy: (times) => (isConnected ? Math.min(50 * 2 ** Math.min(times, 10), LONGEST_RECONNECT_WAIT) : null),
  };
  const connection = new Connection(create(url, settings, client));
  const { client: redis, location } = connection;
  const answered = new AbortController();
  const limit = settings.connectTimeout ?? CONNECT_TIMEOUT;
  try {
    // A server that accepts the connection and then stays silent is not noticed by the client's own limit.
    const greeted = greet(redis).then(() => true);
    const hasAnswered = await Promise.race([greeted, systemClock.sleep(2 * limit, answered.signal).then(() => false)]);
    if (!hasAnswered) throw new Error(`no answer within ${2 * limit} ms`);
    isConnected = true;
    return connection;
  } catch (cause) {
    redis.disconnect();
    const described = connection.describe(cause);
    if (described.code !== 'WINGMAN_BACKEND_CLOSED') throw described;
    const message = `${location} cannot be reached: ${messageOf(cause)}`;
    throw new WingmanError('WINGMAN_BACKEND_UNREACHABLE', message, { cause });
  } finally {
    answered.abort();
  }
}

/** Connects and has the server answer. Rejects with what was wrong with the connection, not only with its end. */
async function greet(redis: Redis): Promise<void> {
  let reason: unknown;
  const listen = (error: unknown): void => {
    reason ??= error;
  };
  redis.on('error', listen);
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.off('error', listen);
  }
}

function create(
  url: string | undefined,
  settings: RedisOptions & { replyMapping: 'legacy' },
  client?: RedisClient,
): Redis {
  if (client !== undefined) return client.duplicate(settings);
  return url === undefined ? new Redis(settings) : new Redis(url, settings);
}

/** Where a client connects to, without its password. */
function locate({ path, host, port, db, tls }: RedisOptions): string {
  if (path !== undefined) return `redis socket ${path}`;
  return `redis${tls === undefined ? '' : 's'}://${host ?? 'localhost'}:${port ?? 6379}${db === undefined || db === 0 ? '' : `/${db}`}`;
}

import { Redis, type RedisOptions } from 'ioredis';
import type { Clock } from '../../runtime/clock.ts';
import { Connection } from './connection.ts';

/** What we need of a Redis client: a user may hand in one of their own (ioredis, or one with its shape). */
export interface RedisClient {
  duplicate(options?: Partial<RedisOptions>): Redis;
}

/** How long a server may take to accept a connection, and then to greet it. */
const CONNECT_TIMEOUT = 5_000;
/** A server that was stopped, or that a network hides, keeps its connections and answers nothing: see watchdog.ts. */
const COMMAND_TIMEOUT = 5_000;
const FIRST_RECONNECT_WAIT = 50;
/** Low enough that work goes on within 2 s of a server's return, even if the first try after it fails. */
const LONGEST_RECONNECT_WAIT = 500;

/**
 * Connects and waits until the server takes commands.
 * @throws BackendError `WINGMAN_BACKEND_UNREACHABLE` with host and port and the cause, `WINGMAN_BACKEND_REFUSED`; no handle
 *   is left open then
 */
export async function connect(
  url: string | undefined,
  options: RedisOptions,
  clock: Clock,
  client?: RedisClient,
): Promise<Connection> {
  let isConnected = false;
  const limits = {
    greeting: options.connectTimeout ?? CONNECT_TIMEOUT,
    silence: options.commandTimeout ?? COMMAND_TIMEOUT,
  };
  const settings: RedisOptions & { replyMapping: 'legacy' } = {
    ...options,
    ...OURS,
    connectTimeout: limits.greeting,
    // The first connection is tried once, so that a wrong address is told at once; after that, cuts are mended for good.
    retryStrategy: (times) => (isConnected ? reconnectWait(times) : null),
  };
  const redis = create(url, settings, client);
  const connection = new Connection(redis, locate(redis.options), clock, limits);
  try {
    await connection.start();
    isConnected = true;
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** What we count on, whatever a user's own client has. */
const OURS = {
  lazyConnect: true,
  // A command is written at once or refused at once, and never sent twice behind our back: see connection.ts. Those that are
  // on a connection which breaks are given up at once, and not only after some reconnects.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableAutoPipelining: false,
  // The connection asks by itself whether the server is ready, and gives up one that is silent or misplaced.
  enableReadyCheck: false,
  commandTimeout: undefined,
  reconnectOnError: null,
  // How long to wait for the server's own end of a connection that is given up: it is mostly one that is dead.
  disconnectTimeout: 100,
  // Shapes of replies and keys that our scripts count on.
  replyMapping: 'legacy',
  stringNumbers: false,
  keyPrefix: '',
} as const;

/** With jitter: those who lost the same server do not all come back at the same time. */
function reconnectWait(times: number): number {
  const wait = Math.min(FIRST_RECONNECT_WAIT * 2 ** Math.min(times - 1, 10), LONGEST_RECONNECT_WAIT);
  return Math.round(wait * (1 - Math.random() / 4));
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

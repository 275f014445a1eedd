import { type CommonOptions, openBackend } from '../backends/open.ts';
import type { Backend } from '../contract/backend.ts';
import { backendIn } from '../contract/source.ts';
import { type Duration, toMilliseconds } from '../core/duration.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { Wingman } from './wingman.ts';

/** How an application's side behaves. */
export interface ClientOptions {
  /**
   * How long an enqueue waits for a backend that is out of reach, before it rejects with `WINGMAN_ENQUEUE_TIMEOUT`; 15 s when
   * left out.
   */
  readonly enqueueTimeout?: Duration;
}

/** A URL with the options of the backend that it names, and of the client. */
export type ConnectOptions = CommonOptions & ClientOptions & { readonly url: string };

const DEFAULT_ENQUEUE_TIMEOUT = 15_000;

/**
 * Connects an application to its jobs.
 * @param target a URL (`redis://…`, `rediss://…`, `sqlite:path`, `memory:`), alone or with the backend's options; or a
 *   backend that is open, or what has one: that is then not closed with the client
 * @throws WingmanError `WINGMAN_BACKEND_URL`, `WINGMAN_BACKEND_UNREACHABLE` and what else opening the backend throws;
 *   InvalidOptionError
 */
export async function connect(
  target: string | ConnectOptions | Backend | { readonly backend: Backend },
  options: CommonOptions & ClientOptions = {},
): Promise<Wingman> {
  const open = backendIn(target);
  if (open === null) {
    const { url, enqueueTimeout, ...rest } = { ...urlIn(target), ...options };
    const timeout = timeoutOf(enqueueTimeout);
    return new Wingman(await openBackend(url, rest), { ownsBackend: true, enqueueTimeout: timeout });
  }
  const { enqueueTimeout, ...others } = options;
  if (Object.keys(others).length > 0) {
    throw new InvalidOptionError('options', 'enqueueTimeout alone: this backend is open, and has its own', others);
  }
  return new Wingman(open, { ownsBackend: false, enqueueTimeout: timeoutOf(enqueueTimeout) });
}

function timeoutOf(enqueueTimeout: Duration = DEFAULT_ENQUEUE_TIMEOUT): number {
  const milliseconds = toMilliseconds(enqueueTimeout, 'enqueueTimeout');
  if (milliseconds > 0) return milliseconds;
  throw new InvalidOptionError('enqueueTimeout', 'longer than 0', enqueueTimeout);
}

function urlIn(target: unknown): ConnectOptions {
  if (typeof target === 'string') return { url: target };
  if (isConnectOptions(target)) return target;
  throw new InvalidOptionError(
    'target',
    "a URL such as 'redis://localhost:6379', { url, … }, or an open backend",
    target,
  );
}

function isConnectOptions(target: unknown): target is ConnectOptions {
  return typeof target === 'object' && target !== null && typeof Reflect.get(target, 'url') === 'string';
}

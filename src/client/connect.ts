import { type CommonOptions, openBackend } from '../backends/open.ts';
import type { Backend } from '../contract/backend.ts';
import { backendIn } from '../contract/source.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { Wingman } from './wingman.ts';

/** A URL with the options of the backend that it names. */
export type ConnectOptions = CommonOptions & { readonly url: string };

/**
 * Connects an application to its jobs.
 * @param target a URL (`redis://…`, `rediss://…`, `sqlite:path`, `memory:`), alone or with the backend's options; or a
 *   backend that is open, or what has one: that is then not closed with the client
 * @throws WingmanError `WINGMAN_BACKEND_URL`, `WINGMAN_BACKEND_UNREACHABLE` and what else opening the backend throws;
 *   InvalidOptionError
 */
export async function connect(
  target: string | ConnectOptions | Backend | { readonly backend: Backend },
  options?: CommonOptions,
): Promise<Wingman> {
  const open = backendIn(target);
  if (open === null) {
    const { url, ...rest } = urlIn(target);
    return new Wingman(await openBackend(url, { ...rest, ...options }), { ownsBackend: true });
  }
  if (options !== undefined) {
    throw new InvalidOptionError('options', 'left out: this backend is open, and has its options already', options);
  }
  return new Wingman(open, { ownsBackend: false });
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

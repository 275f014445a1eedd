// What the tests of the Redis backend have in common: stores that are gone with their test, and short forms of calls.

import { randomUUID } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { open, type RedisBackend, type RedisBackendOptions } from '../../../src/backends/redis/index.ts';
import { Session } from '../../../src/contract/conformance/session.ts';
import { BackendError } from '../../../src/core/errors.ts';
import { type RedisProxy, startProxy } from '../../harness/proxy.ts';
import { type RedisServer, startRedis } from '../../harness/redis-server.ts';

/** A server of the test's own, which is stopped at its end. */
export async function server(...settings: string[]): Promise<RedisServer> {
  const started = await startRedis(...settings);
  onTestFinished(() => started.stop());
  return started;
}

/** A server on a port where another one was. */
export function serverOn(port: number, ...settings: string[]): Promise<RedisServer> {
  return server('--port', String(port), ...settings);
}

export async function proxyOf(target: RedisServer): Promise<RedisProxy> {
  const proxy = await startProxy({ target: target.port });
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A store of the test's own. */
export async function store(options: RedisBackendOptions): Promise<{ backend: RedisBackend; session: Session }> {
  const backend = await open({ prefix: `test-${randomUUID()}`, ...options });
  onTestFinished(() => backend.close());
  return { backend, session: new Session(backend) };
}

/** What a call was rejected with, and after how many milliseconds. */
export async function rejection(call: Promise<unknown>): Promise<{ error: BackendError; after: number }> {
  const start = performance.now();
  const error: unknown = await call.then(
    (value) => expect.fail(`it resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BackendError)) throw error;
  return { error, after: performance.now() - start };
}

/** How long something takes, in milliseconds. */
export async function duration(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Stops a server's process until the function that is given back is called. */
export async function pause(target: RedisServer): Promise<() => void> {
  const pid = Number(/process_id:(\d+)/.exec(await target.cli('INFO', 'server'))?.[1]);
  process.kill(pid, 'SIGSTOP');
  return () => process.kill(pid, 'SIGCONT');
}

// Waiting until other servers have what was written.

import { expect, test } from 'vitest';
import { newJob } from '../../../src/contract/conformance/session.ts';
import type { RedisServer } from '../../harness/redis-server.ts';
import { duration, pause, proxyOf, server, store } from './stage.ts';

/** A primary and a replica that has all of it. */
async function pair(): Promise<{ primary: RedisServer; replica: RedisServer }> {
  const primary = await server('--repl-diskless-sync-delay', '0');
  const replica = await server('--replicaof', '127.0.0.1', String(primary.port));
  await expect.poll(() => primary.cli('INFO', 'replication')).toContain('state=online');
  return { primary, replica };
}

test('a job is on the replica when it says so', async () => {
  const { primary, replica } = await pair();
  const { backend, session } = await store({ url: primary.url, prefix: 'pair' });
  for (let number = 0; number < 20; number += 1) {
    await session.enqueue(newJob(`job-${number}`));
    expect(await backend.replicated(1, 10_000)).toBe(1);
    expect(await replica.cli('EXISTS', `pair:job:job-${number}`)).toBe('1');
  }
});

test('with too few replicas it tells how many there are, when the time is up, and holds nobody up meanwhile', async () => {
  const { primary } = await pair();
  const { backend, session } = await store({ url: primary.url });
  await session.enqueue(newJob('a'));
  let isOver = false;
  const replicated = backend.replicated(2, 1_000).finally(() => {
    isOver = true;
  });
  for (let round = 0; round < 3; round += 1) await backend.size('q');
  expect(isOver).toBe(false);
  expect(await replicated).toBe(1);
});

test('without any it is 0, and a wait longer than a reply may take is no reason to give the connection up', async () => {
  const proxy = await proxyOf(await server());
  const { backend, session } = await store({ url: proxy.url, commandTimeout: 300 });
  await session.enqueue(newJob('a'));
  const { connections } = proxy.counts;
  const took = await duration(async () => expect(await backend.replicated(1, 900)).toBe(0));
  expect(took).toBeGreaterThan(850);
  expect(took).toBeLessThan(2_000);
  expect(proxy.counts.connections).toBe(connections);
});

test('a replica that stands still does not count, not even for a repeated call over a new connection', async () => {
  const { primary, replica } = await pair();
  const { backend, session } = await store({ url: primary.url });
  await session.enqueue(newJob('before'));
  expect(await backend.replicated(1, 10_000)).toBe(1);
  const resume = await pause(replica);
  const call = { client: 'tester', sequence: 1, floor: 1 };
  await backend.enqueue(call, [newJob('a')]);
  expect(await backend.replicated(1, 200)).toBe(0);
  const { backend: other } = await store({ url: primary.url, prefix: backendPrefix(backend.reopen?.options) });
  expect(await other.enqueue(call, [newJob('a')])).toMatchObject({ results: ['enqueued'] });
  expect(await other.replicated(1, 200)).toBe(0);
  resume();
  expect(await other.replicated(1, 10_000)).toBe(1);
});

test('of what was written over a connection that is gone, nothing can be told', async () => {
  const { primary } = await pair();
  const proxy = await proxyOf(primary);
  const { backend, session } = await store({ url: proxy.url });
  await session.enqueue(newJob('a'));
  const { connections } = proxy.counts;
  proxy.cut();
  await expect.poll(() => proxy.counts.connections).toBe(connections + 1);
  // It may have been written to a server that has failed since: this one knows nothing of it.
  expect(await backend.replicated(1, 1_000)).toBe(0);
  expect(await session.enqueue(newJob('a'))).toEqual(['duplicate']);
  expect(await backend.replicated(1, 10_000)).toBe(1);
});

function backendPrefix(options: object | undefined): string {
  return String(Reflect.get(options ?? {}, 'prefix'));
}

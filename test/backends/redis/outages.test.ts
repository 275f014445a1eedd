// What a network or a server may do to a connection, and what becomes of the calls.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { open } from '../../../src/backends/redis/index.ts';
import { completed, newJob } from '../../../src/contract/conformance/session.ts';
import { freePort, type RedisServer } from '../../harness/redis-server.ts';
import { duration, pause, proxyOf, rejection, server, serverOn, store } from './stage.ts';

const call = { client: 'tester', sequence: 1, floor: 1 };

/** The server's ids of the connections that it has, but for the one that asks. */
async function connectionsOf(target: RedisServer): Promise<readonly string[]> {
  const lines = (await target.cli('CLIENT', 'LIST')).split('\n').filter((line) => !line.includes('cmd=client|list'));
  return lines.map((line) => line.split(' ')[0] ?? '');
}

describe('a server that is killed', () => {
  test('is waited for; then the call was not done, and says so; and work goes on within 2 s of its return', async () => {
    const first = await server();
    const { backend, session } = await store({ url: first.url });
    await session.enqueue(newJob('before'));
    await first.stop();
    const { error, after } = await rejection(backend.enqueue(call, [newJob('a')]));
    expect(error).toMatchObject({ code: 'WINGMAN_BACKEND_UNREACHABLE', fate: 'not done', isTransient: true });
    expect(error.message).toContain('ECONNREFUSED');
    expect(after).toBeGreaterThan(4_500);
    expect(after).toBeLessThan(8_000);

    // One that waits when the server comes back is done.
    const waiting = backend.enqueue(call, [newJob('a')]);
    await serverOn(first.port);
    expect(await duration(() => waiting)).toBeLessThan(2_000);
    expect(await session.waiting()).toEqual(['a']);
  });

  test('while calls are under way: their fate is unknown, and a repeat does no harm', async () => {
    const { url, port, stop, cli } = await server();
    const { backend } = await store({ url });
    // The server answers nobody until the pause is over, and is killed before.
    await cli('CLIENT', 'PAUSE', '60000', 'ALL');
    const rejected = rejection(backend.enqueue(call, [newJob('a')]));
    await new Promise(setImmediate);
    await stop();
    expect((await rejected).error).toMatchObject({ code: 'WINGMAN_BACKEND_UNREACHABLE', fate: 'unknown' });
    await serverOn(port);
    expect(await backend.enqueue(call, [newJob('a')])).toMatchObject({ results: ['enqueued'] });
    expect(await backend.size('q')).toBe(1);
  });

  test("is found again through a user's own client, which is mended by its own settings", async () => {
    const first = await server();
    const client = new Redis(first.port, '127.0.0.1', { commandTimeout: 60_000, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    const { backend } = await store({ client });
    await first.stop();
    const waiting = backend.enqueue(call, [newJob('a')]);
    await serverOn(first.port);
    expect(await waiting).toMatchObject({ results: ['enqueued'] });
    expect(await client.ping()).toBe('PONG');
  });
});

test('a server is tried again at least every second, however long it is away', async () => {
  const proxy = await proxyOf(await server());
  const { backend } = await store({ url: proxy.url });
  proxy.down();
  // Waits that grew without bound would be longer than a minute by then.
  await expect.poll(() => proxy.counts.cut, { timeout: 12_000 }).toBeGreaterThan(12);
  proxy.heal();
  expect(await duration(() => backend.size('q'))).toBeLessThan(2_000);
});

describe('a reply that is lost', () => {
  test('enqueue: the fate is unknown, and the repeat does not enqueue again', async () => {
    const proxy = await proxyOf(await server());
    const { backend, session } = await store({ url: proxy.url });
    const dropping = proxy.dropReplies({ command: 'enqueue' });
    const { error } = await rejection(backend.enqueue(call, [newJob('a'), newJob('b')]));
    expect(error).toMatchObject({ code: 'WINGMAN_BACKEND_UNREACHABLE', fate: 'unknown', isTransient: true });
    expect(dropping.dropped).toBe(1);
    expect(await backend.enqueue(call, [newJob('a'), newJob('b')])).toMatchObject({
      results: ['enqueued', 'enqueued'],
    });
    expect(await session.waiting()).toEqual(['a', 'b']);
  });

  test('exchange: the repeat settles nothing twice, and gives what was claimed', async () => {
    const proxy = await proxyOf(await server());
    const { backend, session } = await store({ url: proxy.url });
    const worker = await session.worker();
    await session.enqueue(newJob('a'), newJob('b'), newJob('c'));
    const job = await session.take(worker, 'a');
    const request = {
      worker,
      settlements: [{ job, outcome: completed }],
      claim: { queues: ['q'], count: 1, locks: 'take' } as const,
    };
    const dropping = proxy.dropReplies({ command: 'exchange' });
    expect((await rejection(backend.exchange(call, request))).error.fate).toBe('unknown');
    await dropping.done;
    const again = await backend.exchange(call, request);
    expect(again).toMatchObject({ settled: ['settled'], claimed: [{ id: 'b' }] });
    expect((await backend.stats()).counters.successful).toBe(1);
    expect(await session.waiting()).toEqual(['c']);
  });

  test('a request that is lost: the fate is unknown as well, and the repeat does it', async () => {
    const proxy = await proxyOf(await server());
    const { backend } = await store({ url: proxy.url });
    proxy.dropRequests({ command: 'enqueue' });
    expect((await rejection(backend.enqueue(call, [newJob('a')]))).error.fate).toBe('unknown');
    expect(await backend.size('q')).toBe(0);
    expect(await backend.enqueue(call, [newJob('a')])).toMatchObject({ results: ['enqueued'] });
    expect(await backend.size('q')).toBe(1);
  });
});

describe('a connection that is half-open', () => {
  test('is noticed within 10 s, given up, and replaced', async () => {
    const proxy = await proxyOf(await server());
    const { backend } = await store({ url: proxy.url });
    proxy.silence();
    const { error, after } = await rejection(backend.enqueue(call, [newJob('a')]));
    expect(error).toMatchObject({ code: 'WINGMAN_BACKEND_UNREACHABLE', fate: 'unknown' });
    expect(error.message).toContain('no answer within 5000 ms');
    expect(after).toBeLessThan(10_000);
    proxy.heal();
    expect(await backend.enqueue(call, [newJob('a')])).toMatchObject({ results: ['enqueued'] });
  });

  test('while it is being mended again: the new one is given up as well, until one is answered', async () => {
    const proxy = await proxyOf(await server());
    const { backend } = await store({ url: proxy.url, commandTimeout: 200, connectTimeout: 200 });
    proxy.silence();
    const waiting = rejection(backend.size('q'));
    await expect.poll(() => proxy.counts.silenced).toBeGreaterThan(3);
    proxy.heal();
    await waiting;
    expect(await backend.size('q')).toBe(0);
  });
});

describe('a server that is stopped', () => {
  test('is noticed; when it goes on, what was repeated meanwhile is done once', async () => {
    const stopped = await server();
    const { backend } = await store({ url: stopped.url, commandTimeout: 300 });
    const resume = await pause(stopped);
    const { error, after } = await rejection(backend.enqueue(call, [newJob('a')]));
    expect(error.fate).toBe('unknown');
    expect(after).toBeLessThan(2_000);
    const again = backend.enqueue(call, [newJob('a')]);
    resume();
    expect(await again).toMatchObject({ results: ['enqueued'] });
    expect(await backend.size('q')).toBe(1);
  });

  test('is not thought so by a process that was busy itself when the reply came', async () => {
    const target = await server();
    const { backend } = await store({ url: target.url, commandTimeout: 100 });
    const before = await connectionsOf(target);
    // Written at once; the reply comes while nothing here looks for it, and the watchdog's time runs out meanwhile.
    const waiting = backend.size('q');
    const end = performance.now() + 300;
    while (performance.now() < end);
    expect(await waiting).toBe(0);
    expect(await backend.size('q')).toBe(0);
    expect(await connectionsOf(target)).toEqual(before);
  });
});

describe('a network that is slow', () => {
  test('by 2 s there and back, with jitter, is no reason to give up', async () => {
    const target = await server();
    const proxy = await proxyOf(target);
    // The server knows the scripts from here, which saves time and takes nothing from what is tested.
    const near = await store({ url: target.url, prefix: 'slow' });
    const runOne = async ({ session }: typeof near): Promise<void> => {
      await session.enqueue(newJob('a'));
      const worker = await session.worker();
      await session.settle(await session.take(worker, 'a'), completed);
    };
    await runOne(near);
    proxy.delay({ base: 1_000, jitter: 200 });
    await runOne(await store({ url: proxy.url, prefix: 'slow' }));
    expect((await near.backend.stats()).counters.successful).toBe(2);
    expect(proxy.counts).toMatchObject({ connections: 1, cut: 0 });
  });
});

describe('a server that is not the one to talk to', () => {
  test('a replica: the call was not done, and the address is looked up anew', async () => {
    const failed = await server();
    const proxy = await proxyOf(failed);
    const { backend } = await store({ url: proxy.url });
    await failed.cli('REPLICAOF', '127.0.0.1', String(await freePort()));
    const { connections } = proxy.counts;
    const { error } = await rejection(backend.enqueue(call, [newJob('a')]));
    expect(error).toMatchObject({ code: 'WINGMAN_BACKEND_REFUSED', fate: 'not done', isTransient: true });
    expect(error.message).toContain('READONLY');
    await expect.poll(() => proxy.counts.connections).toBe(connections + 1);
    await failed.cli('REPLICAOF', 'NO', 'ONE');
    expect(await backend.enqueue(call, [newJob('a')])).toMatchObject({ results: ['enqueued'] });
  });

  test('a replica without its primary is waited for', async () => {
    const lost = await server('--replica-serve-stale-data', 'no');
    const proxy = await proxyOf(lost);
    const { backend } = await store({ url: proxy.url });
    await lost.cli('REPLICAOF', '127.0.0.1', String(await freePort()));
    const { connections } = proxy.counts;
    proxy.cut();
    // The new connection is to a server that takes no commands, and so are those after it.
    await expect.poll(() => proxy.counts.connections).toBe(connections + 1);
    const waiting = backend.enqueue(call, [newJob('a')]);
    await expect.poll(() => proxy.counts.connections).toBeGreaterThan(connections + 2);
    await lost.cli('REPLICAOF', 'NO', 'ONE');
    expect(await waiting).toMatchObject({ results: ['enqueued'] });
  });

  test('one that still loads its files is waited for, by who connects and by who reconnects', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wingman-redis-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const settings = ['--dir', folder, '--appendonly', 'yes', '--enable-debug-command', 'yes'];
    const first = await server(...settings);
    const { session } = await store({ url: first.url });
    await session.enqueue(newJob('a'));
    await first.cli('DEBUG', 'POPULATE', '4000');
    await first.cli('BGREWRITEAOF');
    await expect
      .poll(() => first.cli('INFO', 'persistence'))
      .toMatch(/aof_rewrite_in_progress:0\s+aof_rewrite_scheduled:0/);
    await first.stop();

    const slowly = ['--key-load-delay', '400', '--loading-process-events-interval-bytes', '1024'];
    let isReady = false;
    const restarted = serverOn(first.port, ...settings, ...slowly).then(() => {
      isReady = true;
    });
    await expect.poll(() => first.cli('PING').catch(() => ''), { interval: 10 }).toContain('LOADING');
    const opened = open(first.url);
    expect(await session.waiting()).toEqual(['a']);
    await (await opened).close();
    expect(isReady).toBe(true);
    await restarted;
  });
});

test('an error shows neither what was sent nor the password', async () => {
  const small = await server('--maxmemory', '3mb', '--requirepass', 'hidden-password');
  const { backend } = await store({ url: `redis://:hidden-password@127.0.0.1:${small.port}` });
  const payload = JSON.stringify('hidden-payload'.repeat(300_000));
  const { error: full } = await rejection(
    backend
      .enqueue(call, [newJob('a', { payload }), newJob('b', { payload })])
      .then(() => backend.enqueue({ ...call, sequence: 2 }, [newJob('c', { payload })])),
  );
  expect(full).toMatchObject({ code: 'WINGMAN_BACKEND_FULL', fate: 'not done', isTransient: false });
  expect(full.message).toContain('maxmemory');
  const { error: refused } = await rejection(open(`redis://:wrong-password@127.0.0.1:${small.port}`));
  for (const error of [full, refused]) {
    expect(inspect(error, { depth: 10, maxStringLength: null })).not.toMatch(/hidden|wrong-password/);
  }
  expect(inspect(backend, { depth: 10, showHidden: true })).not.toContain('hidden-password');
  expect(JSON.stringify(backend)).not.toContain('hidden-password');
});

// The proxy itself, with a real server behind it: what it does must be what it says, or the tests that use it prove nothing.

import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Keys } from '../../src/backends/redis/keys.ts';
import { script } from '../../src/backends/redis/scripts.ts';
import { type RedisProxy, startProxy } from './proxy.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

let server: RedisServer;
let proxy: RedisProxy;
let clients: Redis[];
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  clients = [];
  proxy = await startProxy({ target: server.port });
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await proxy.close();
  await server.cli('FLUSHALL');
});

/** A client that gives up at once: what happens to its connection is what the test sees. */
function client({ commandTimeout = 500, enableReadyCheck = true } = {}): Redis {
  const redis = new Redis(proxy.port, '127.0.0.1', { retryStrategy: () => null, commandTimeout, enableReadyCheck });
  redis.on('error', () => undefined);
  clients.push(redis);
  return redis;
}

/** How a call ends: with its value, or with the first word of what went wrong. */
async function ending(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => (error instanceof Error ? error.message : error));
}

test('commands of any size pass, and answers of any shape', async () => {
  const redis = client({ commandTimeout: 10_000 });
  const large = 'x'.repeat(3_000_000);
  expect(await redis.set('large', large)).toBe('OK');
  expect(await redis.get('large')).toBe(large);
  expect(await redis.get('missing')).toBeNull();
  await redis.rpush('list', 'a', 'ü', '');
  expect(await redis.lrange('list', 0, -1)).toEqual(['a', 'ü', '']);
  await redis.hset('hash', { a: 1 });
  expect(await redis.hgetall('hash')).toEqual({ a: '1' });
  const many = await Promise.all(Array.from({ length: 1_000 }, () => redis.incr('count')));
  expect(many).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  expect(await ending(redis.lpush('hash', 'a'))).toContain('WRONGTYPE');
  expect(proxy.counts).toEqual({ connections: 1, cut: 0, silenced: 0, droppedReplies: 0, droppedRequests: 0 });
});

test('a dropped reply: the server has done it, and the client does not know', async () => {
  const redis = client();
  await redis.set('count', 0);
  const dropping = proxy.dropReplies({ command: 'incr' });
  expect(await ending(redis.incr('count'))).toContain('Connection is closed');
  await dropping.done;
  expect(await client().get('count')).toBe('1');
  expect(await client().incr('count')).toBe(2);
  expect(proxy.counts.droppedReplies).toBe(1);
});

test('a dropped request: the server has not done it', async () => {
  const redis = client();
  await redis.set('count', 0);
  proxy.dropRequests({ command: 'incr', manner: 'silence' });
  expect(await ending(redis.incr('count'))).toContain('timed out');
  // The same connection stays silent.
  expect(await ending(redis.get('count'))).toContain('timed out');
  expect(await client().get('count')).toBe('0');
  expect(proxy.counts).toMatchObject({ droppedRequests: 1, silenced: 1 });
});

test('scripts are known by their names, by hash and by source; an error is never dropped', async () => {
  const { sha, source } = script('stats', new Keys('wingman'));
  const dropping = proxy.dropReplies({ command: 'stats', count: 2 });
  // The server does not know it yet.
  expect(await ending(client().evalsha(sha, 1, 'wingman:sequence'))).toContain('NOSCRIPT');
  expect(dropping.dropped).toBe(0);
  await server.cli('SCRIPT', 'LOAD', source);
  expect(await ending(client().evalsha(sha, 1, 'wingman:sequence'))).toContain('Connection is closed');
  expect(await ending(client().eval(source, 1, 'wingman:sequence'))).toContain('Connection is closed');
  await dropping.done;
  expect(await ending(client().evalsha(sha, 1, 'wingman:sequence'))).not.toContain('Connection is closed');
});

test('cut breaks what is open and lets new connections pass', async () => {
  const redis = client();
  await redis.ping();
  const ended = ending(redis.blpop('nothing', 0.4));
  await expect.poll(() => server.cli('CLIENT', 'LIST')).toContain('cmd=blpop');
  expect(proxy.cut()).toBe(1);
  expect(await ended).toContain('Connection is closed');
  expect(await client().ping()).toBe('PONG');
});

test('down resets every connection until it is healed', async () => {
  await client().ping();
  proxy.down();
  expect(await ending(client().ping())).toContain('Connection is closed');
  proxy.heal();
  expect(await client().ping()).toBe('PONG');
});

test('silence: old and new connections look alive and say nothing; healed, new ones speak', async () => {
  const old = client();
  await old.ping();
  proxy.silence();
  expect(await ending(old.ping())).toContain('timed out');
  expect(await ending(client({ enableReadyCheck: false }).ping())).toContain('timed out');
  proxy.heal();
  expect(await ending(old.ping())).toContain('timed out');
  expect(await client().ping()).toBe('PONG');
});

test('delay takes its time in each direction, and keeps the order', async () => {
  const redis = client({ commandTimeout: 5_000 });
  await redis.ping();
  proxy.delay({ base: 20, jitter: 30 });
  const before = performance.now();
  const counts = await Promise.all(Array.from({ length: 50 }, () => redis.incr('count')));
  expect(performance.now() - before).toBeGreaterThanOrEqual(38);
  expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
});

test('a chance drops some and lets others pass, the same with the same numbers', async () => {
  const numbers = [0.1, 0.9, 0.2, 0.8];
  const seeded = await startProxy({ target: server.port, random: () => numbers.shift() ?? 1 });
  const redis = new Redis(seeded.port, '127.0.0.1', { retryStrategy: () => 1 });
  redis.on('error', () => undefined);
  clients.push(redis);
  const dropping = seeded.dropReplies({ command: 'incr', count: 10, chance: 0.5 });
  // The client sends again what was not answered.
  expect([await redis.incr('count'), await redis.incr('count')]).toEqual([2, 4]);
  expect(dropping.dropped).toBe(2);
  dropping.stop();
  await seeded.close();
});

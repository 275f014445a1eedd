// Claims that wait on the server: what becomes of them when their connection, or their script, is gone.

import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { Backend, ExchangeReply } from '../../../src/contract/backend.ts';
import { Caller } from '../../../src/contract/call.ts';
import { completed, newJob, type Session } from '../../../src/contract/conformance/session.ts';
import { monitor } from '../../harness/monitor.ts';
import type { RedisServer } from '../../harness/redis-server.ts';
import { duration, proxyOf, server, store } from './stage.ts';

function whenWoken(backend: Backend, worker: string, signal?: AbortSignal): Promise<ExchangeReply> {
  const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
  const options = { timeout: 20_000, ...(signal !== undefined && { signal }) };
  return new Caller(randomUUID()).call((call) =>
    backend.exchangeWhenWoken(call, { worker, settlements: [], claim }, options),
  );
}

/** The server knows the scripts from here on. */
async function known(session: Session, worker: string): Promise<void> {
  await session.enqueue(newJob('first'));
  await session.settle(await session.take(worker, 'first'), completed);
}

async function blocked(target: RedisServer, count = 1): Promise<string[]> {
  const lines = async () => (await target.cli('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('flags=b'));
  await expect.poll(async () => (await lines()).length).toBe(count);
  return lines();
}

test('the server claims by itself: no call is sent between the enqueue and the claim', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url });
  const worker = await session.worker();
  await known(session, worker);
  const waiting = whenWoken(backend, worker);
  await blocked(target);
  const names: string[] = [];
  const watched = monitor(target.port, ({ name }) => {
    names.push(name);
    return name === 'ping';
  });
  await expect.poll(() => target.cli('CLIENT', 'LIST')).toContain('cmd=monitor');
  await session.enqueue(newJob('a'));
  expect((await waiting).claimed).toMatchObject([{ id: 'a' }]);
  await target.cli('PING');
  await watched;
  // The exchange was sent before the watching began, and is done in between.
  expect(names.filter((name) => name !== 'client')).toEqual(['enqueue', 'exchange', 'ping']);
});

test('a claim whose connection is cut is made over another, and the next one waits again', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url });
  const worker = await session.worker();
  const waiting = whenWoken(backend, worker);
  const [line = ''] = await blocked(target);
  await target.cli('CLIENT', 'KILL', 'ID', /id=(\d+)/.exec(line)?.[1] ?? '');
  expect((await waiting).claimed).toEqual([]);
  const next = whenWoken(backend, worker);
  await blocked(target);
  await session.enqueue(newJob('a'));
  expect((await next).claimed).toMatchObject([{ id: 'a' }]);
});

test('a claim whose reply is lost is had by a repeat', async () => {
  const target = await server();
  const proxy = await proxyOf(target);
  const { backend, session } = await store({ url: proxy.url });
  const worker = await session.worker();
  await known(session, worker);
  const waiting = whenWoken(backend, worker);
  await blocked(target);
  const dropping = proxy.dropReplies({ command: 'exchange' });
  await session.enqueue(newJob('a'), newJob('b'));
  const reply = await waiting;
  await dropping.done;
  expect(reply.claimed).toMatchObject([{ id: 'a', worker }]);
  expect(reply.owned).toBe(1);
  expect(await session.waiting()).toEqual(['b']);
});

test('a claim whose script the server has forgotten is made all the same', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url });
  const worker = await session.worker();
  const waiting = whenWoken(backend, worker);
  await blocked(target);
  await target.cli('SCRIPT', 'FLUSH', 'SYNC');
  await session.enqueue(newJob('a'));
  expect((await waiting).claimed).toMatchObject([{ id: 'a' }]);
});

test('claims do not spin where no further connection can be had', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url });
  const worker = await session.worker();
  const connections =
    (await target.cli('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('id=')).length - 1;
  // Room for what asks, and for nothing more.
  await target.cli('CONFIG', 'SET', 'maxclients', String(connections));
  const took = await duration(async () => {
    for (let round = 0; round < 3; round += 1) expect((await whenWoken(backend, worker)).claimed).toEqual([]);
  });
  expect(took).toBeGreaterThan(3 * 240);
});

test('several that wait at once have a connection each, which those that follow use again', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url });
  const worker = await session.worker();
  for (let round = 0; round < 3; round += 1) {
    const stop = new AbortController();
    const waits = [1, 2].map(() => whenWoken(backend, worker, stop.signal));
    await blocked(target, 2);
    stop.abort();
    expect((await Promise.all(waits)).flatMap(({ claimed }) => claimed)).toEqual([]);
  }
  const lines = (await target.cli('CLIENT', 'LIST')).split('\n').filter((line) => /cmd=(blpop|evalsha)/.test(line));
  expect(lines.length).toBeLessThanOrEqual(3);
});

test('one signal ends all claims that wait with it, and has one listener however many there were', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url });
  const workers = [await session.worker(), await session.worker()];
  const stop = new AbortController();
  for (let round = 0; round < 5; round += 1) {
    const waiting = whenWoken(backend, workers[0] ?? '', stop.signal);
    await blocked(target);
    await session.enqueue(newJob(`job-${round}`));
    const { claimed } = await waiting;
    await Promise.all(claimed.map((job) => session.settle(job, completed)));
  }
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
  const waits = workers.map((worker) => whenWoken(backend, worker, stop.signal));
  await blocked(target, 2);
  stop.abort();
  expect(await duration(() => Promise.all(waits))).toBeLessThan(1_000);
});

// Waits for work, whose connections are their own.

import { expect, test } from 'vitest';
import { newJob } from '../../../src/contract/conformance/session.ts';
import { duration, proxyOf, server, store } from './stage.ts';

test('a wait whose connection is cut ends by itself, and the next one works', async () => {
  const cutting = await server();
  const { backend, session } = await store({ url: cutting.url });
  const waiting = backend.wait(['q'], { timeout: 20_000 });
  await expect.poll(() => cutting.cli('CLIENT', 'LIST')).toContain('cmd=blpop');
  await cutting.cli('CLIENT', 'KILL', 'TYPE', 'normal');
  expect(await waiting).toBe('timeout');
  const next = backend.wait(['q'], { timeout: 20_000 });
  await expect.poll(() => cutting.cli('CLIENT', 'LIST')).toContain('cmd=blpop');
  await session.enqueue(newJob('a'));
  expect(await next).toBe('woken');
});

test('a wait whose connection is half-open ends by itself', async () => {
  const target = await server();
  const proxy = await proxyOf(target);
  const { backend } = await store({ url: proxy.url });
  // Long enough to be seen before it ends as it should.
  const waiting = backend.wait(['q'], { timeout: 2_000 });
  await expect.poll(() => target.cli('CLIENT', 'LIST')).toContain('cmd=blpop');
  proxy.silence();
  expect(await waiting).toBe('timeout');
});

test('waits do not spin while the server is away, and end when their signal aborts', async () => {
  const gone = await server();
  const { backend } = await store({ url: gone.url });
  await gone.stop();
  const took = await duration(async () => {
    for (let round = 0; round < 4; round += 1) expect(await backend.wait(['q'], { timeout: 10_000 })).toBe('timeout');
  });
  expect(took).toBeGreaterThan(4 * 240);
  const stop = new AbortController();
  const aborted = backend.wait(['q'], { timeout: 10_000, signal: stop.signal });
  stop.abort();
  expect(await aborted).toBe('aborted');
});

test('an abort ends a wait at once on a connection that is half-open, and one that cannot be made', async () => {
  const target = await server();
  const proxy = await proxyOf(target);
  const { backend } = await store({ url: proxy.url });
  for (const before of ['the block', 'the connection']) {
    const stop = new AbortController();
    if (before === 'the connection') proxy.silence();
    const waiting = backend.wait(['q'], { timeout: 20_000, signal: stop.signal });
    if (before === 'the block') {
      await expect.poll(() => target.cli('CLIENT', 'LIST')).toContain('cmd=blpop');
      proxy.silence();
    }
    stop.abort();
    expect(await duration(() => waiting)).toBeLessThan(1_000);
    expect(await waiting).toBe('aborted');
  }
});

test('all waits of a handle share one connection, and each is ended by its own token alone', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url });
  const blocked = async () => {
    const lines = (await target.cli('CLIENT', 'LIST')).split('\n');
    return lines.filter((line) => line.includes('flags=b'));
  };
  const worker = await session.worker();
  await session.checkIn({ worker });
  const waits = ['a', 'b', 'c'].map((queue) => backend.wait([queue], { timeout: 20_000 }));
  const called = backend.waitForCall({ worker, leads: true }, { timeout: 20_000 });
  await expect.poll(async () => (await blocked()).length).toBe(1);
  await session.enqueue(newJob('1', { queue: 'b' }));
  expect(await Promise.race([...waits.map((wait, at) => wait.then(() => at)), called.then(() => 'called')])).toBe(1);
  await session.enqueue(newJob('2', { queue: 'c', due: { in: 60_000 } }));
  expect(await called).toBe('woken');
  // One who comes while it blocks for others is waited for as well.
  const late = backend.wait(['d'], { timeout: 20_000 });
  await session.enqueue(newJob('3', { queue: 'd' }));
  expect(await late).toBe('woken');
  await expect.poll(async () => (await blocked()).length).toBe(1);
  await session.enqueue(newJob('4', { queue: 'a' }), newJob('5', { queue: 'c' }));
  expect(await Promise.all(waits)).toEqual(['woken', 'woken', 'woken']);
  await expect.poll(blocked).toEqual([]);
});

test('a token that comes for one whose time is up is left for the next', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url, prefix: 'left' });
  for (let round = 0; round < 20; round += 1) {
    const queue = `q${round}`;
    expect(await backend.wait([queue], { timeout: 5 })).toBe('timeout');
    await session.enqueue(newJob(`job-${round}`, { queue }));
    await expect.poll(() => target.cli('LLEN', `left:wake:${queue}`)).toBe('1');
  }
});

test('a queue has one token at most, though its list was empty when a job came to those of a priority', async () => {
  const target = await server();
  const { backend, session } = await store({ url: target.url });
  const tokens = async (): Promise<string> => {
    const key = (await target.cli('KEYS', '*:wake:q')).trim();
    return (await target.cli('LLEN', key)).trim();
  };
  await session.enqueue({ ...newJob('urgent'), extras: { priority: 1 } });
  expect(await tokens()).toBe('1');
  await session.enqueue(newJob('plain'));
  expect(await tokens()).toBe('1');
  await session.enqueue(newJob('another'), newJob('last'));
  expect(await tokens()).toBe('1');
  expect(await backend.wait(['q'], { timeout: 20_000, areEmpty: true })).toBe('woken');
});

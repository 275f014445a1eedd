// What stands in Redis itself, and what must not stand there any more.

import { expect, test } from 'vitest';
import { completed, failed, locks, newJob, released } from '../../../src/contract/conformance/session.ts';
import { rejection, server, store } from './stage.ts';

test('nothing is left of a job that failed, was retried by hand, and completed', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  await session.enqueue(newJob('a'));
  await session.settle(await session.take(worker, 'a'), failed);
  await session.retryFailed('a');
  expect(await cli('LLEN', 'p:failures:a')).toBe('1');
  // As the first attempt and without locks: the way on which jobs are settled in bulk.
  await session.settle(await session.take(worker, 'a'), completed);
  expect(await cli('KEYS', 'p:*:a')).toBe('');
  expect(await cli('EXISTS', 'p:retried')).toBe('0');
});

test('nor of one that was retried and cancelled, discarded, or expired', async () => {
  const { url, cli } = await server();
  const { session, backend } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  for (const id of ['a', 'b', 'c']) {
    await session.enqueue(newJob(id));
    await session.settle(await session.take(worker, id), failed);
  }
  await session.retryFailed('a');
  await session.cancel('a');
  await session.retryFailed('b', 'c');
  await session.settle(await session.take(worker, 'b'), failed);
  await session.settle(await session.take(worker, 'c'), failed);
  await session.discard('b');
  await session.passed();
  await backend.expire({ for: 1, count: null }, 10);
  expect(await cli('KEYS', 'p:failures:*')).toBe('');
  expect(await cli('EXISTS', 'p:retried')).toBe('0');
});

test('nothing is left of a lock for which jobs have waited', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  await session.enqueue(...['a', 'b', 'c'].map((id) => newJob(id, { locks: locks(['k', 1]) })));
  const claim = { queues: ['q'], count: 5, locks: 'take' } as const;
  const order: string[] = [];
  for (let { claimed } = await session.exchange(worker, [], claim); claimed.length > 0; ) {
    order.push(...claimed.map(({ id }) => id));
    const settlements = claimed.map((job) => ({ job, outcome: completed }));
    ({ claimed } = await session.exchange(worker, settlements, claim));
  }
  expect(order).toEqual(['a', 'b', 'c']);
  for (const name of ['newest', 'places', 'grants', 'passes', 'ungranted', 'lock:k', 'held:k', 'granted:q']) {
    expect([name, await cli('EXISTS', `p:${name}`)]).toEqual([name, '0']);
  }
});

test('a call that arrives when its client is done with it is refused, and changes nothing', async () => {
  const { backend, session } = await store({ url: (await server()).url });
  const worker = await session.worker();
  const late = { client: 'tester', sequence: 1, floor: 1 };
  await backend.enqueue(late, [newJob('a')]);
  await session.settle(await session.take(worker, 'a'), completed);
  await backend.enqueue({ client: 'tester', sequence: 2, floor: 2 }, [newJob('b')]);
  // A network delivers what was sent over a connection that was given up.
  const { error } = await rejection(backend.enqueue(late, [newJob('a')]));
  expect(error.message).toContain('LATECALL');
  const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
  await rejection(backend.exchange(late, { worker, settlements: [], claim }));
  expect(await session.waiting()).toEqual(['b']);
  // One that was made before and comes after another is no late one.
  const calls = [3, 4].map((sequence) => ({ client: 'tester', sequence, floor: 3 }));
  for (const call of calls.reverse()) await backend.enqueue(call, [newJob(`job-${call.sequence}`)]);
  expect(await session.waiting()).toEqual(['b', 'job-4', 'job-3']);
  const [four, three] = await Promise.all(['job-4', 'job-3'].map((id) => backend.find(id)));
  expect(three?.job).toEqual({
    ...four?.job,
    id: 'job-3',
    sequence: (four?.job.sequence ?? 0) + 1,
    enqueuedAt: expect.any(Number),
  });
});

test('another thread opens the same store by what `reopen` tells; nobody does with what cannot be handed over', async () => {
  const { url } = await server();
  const { backend, session } = await store({ url, prefix: 'again', maxPayload: 1_000 });
  await session.enqueue(newJob('a'));
  const { reopen } = backend;
  if (reopen === null) expect.fail('it can be reopened');
  const { open }: typeof import('../../../src/backends/redis/index.ts') = await import(reopen.module);
  const again = await open(structuredClone(reopen.options));
  expect(await again.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['a']);
  expect(again.maxPayload).toBe(1_000);
  await again.close();

  const { backend: byFunction } = await store({ url, reconnectOnError: () => false });
  expect(byFunction.reopen).toBeNull();
});

test('a server that has forgotten its newest claims gives out no token again', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  await session.enqueue(newJob('a'), newJob('b'));
  const before = await session.take(worker, 'a');
  // As after a failover to a replica that had none of it.
  await cli('DEL', 'p:token');
  const after = await session.take(worker, 'b');
  expect(BigInt(after.token)).toBeGreaterThan(BigInt(before.token));
  // Nor does a clock that is set back: what is on record counts.
  const ahead = String(BigInt(after.token) * 2n);
  await cli('SET', 'p:token', ahead);
  await session.enqueue(newJob('c'));
  expect(BigInt((await session.take(worker, 'c')).token)).toBe(BigInt(ahead) + 1n);
});

test('nor one that it gave out before it met a job that is not as most are', async () => {
  const { url, cli } = await server();
  const { session, backend } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  const key = locks(['k', 1]);
  await session.enqueue(newJob('holder', { locks: key }));
  await session.take(worker, 'holder');
  const ahead = (await backend.now()) * 1_000 + 3_600_000_000;
  await cli('SET', 'p:token', String(ahead));
  await session.enqueue(newJob('a'), newJob('held', { queue: 'r', locks: key }));
  const claim = { queues: ['q', 'r'], count: 5, locks: 'take' } as const;
  const call = { client: 'tester', sequence: 1, floor: 1 };
  expect((await backend.exchange(call, { worker, settlements: [], claim })).claimed).toMatchObject([
    { id: 'a', token: String(ahead + 1) },
  ]);
  await session.enqueue(newJob('b'));
  expect(Number((await session.take(worker, 'b')).token)).toBeGreaterThan(ahead + 1);
});

test('a queue without priorities has its list alone, and one with them leaves nothing behind', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  await session.enqueue(newJob('a'), newJob('b', { extras: { tags: ['t'] } }));
  await session.settle(await session.take(worker, 'a'), released);
  expect(await cli('LRANGE', 'p:queue:q', '0', '-1')).toBe('a\nb');
  expect(await cli('KEYS', 'p:priority:*')).toBe('');
  const prior = (id: string, priority: number) => newJob(id, { extras: { priority } });
  await session.enqueue(prior('c', 1000), prior('d', -1000), prior('e', 5));
  expect(await cli('ZRANGE', 'p:priority:q', '0', '-1')).toBe('c\ne\nd');
  expect(await cli('LLEN', 'p:queue:q')).toBe('2');
  // One that is in no list leaves no mark there for a claim to pass over.
  await session.cancel('e');
  expect(await cli('KEYS', 'p:cancelled*')).toBe('');
  for (const id of ['c', 'a', 'b', 'd']) await session.settle(await session.take(worker, id), completed);
  expect(await cli('KEYS', 'p:priority:*')).toBe('');
  expect(await cli('KEYS', 'p:job:*')).toBe('');
});

test('the order is kept for as long as anybody may enqueue: at the ends of what a score can count, too', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  const prior = (id: string, priority: number) => newJob(id, { extras: { priority } });
  const most = 2 ** 41 - 100;
  await cli('SET', 'p:sequence', String(most));
  await session.enqueue(prior('b', 1000), prior('c', 1000), prior('d', 999), prior('y', -1000), prior('z', -1000));
  await session.settle(await session.take(worker, 'b'), released);
  expect(await session.waiting()).toEqual(['b', 'c', 'd', 'y', 'z']);
  for (const id of ['b', 'c', 'd']) await session.settle(await session.take(worker, id), completed);
  const [y, z] = await session.claim(worker, 2);
  if (y === undefined || z === undefined) throw new Error('both should have come up');
  const both = [z, y].map((job) => ({ job, outcome: released }));
  await session.exchange(worker, both);
  await session.enqueue(newJob('x'));
  expect(await session.waiting()).toEqual(['x', 'y', 'z']);
});

test('extras that were spoiled by hand say nothing, and the job runs', async () => {
  const { url, cli } = await server();
  const { session, backend } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  for (const [at, spoiled] of ['[]', '{"priority":"x","deadline":7,"tags":3}', 'null'].entries()) {
    const id = `job-${at}`;
    await session.enqueue(newJob(id, { extras: { tags: ['t'] } }));
    await cli('SET', `p:job:${id}`, `[2,"t","q",1,${at + 100},0,0,0,${spoiled}]\nnull`);
    const job = await session.take(worker, id);
    await session.settle(job, released);
    await session.settle(await session.take(worker, id), failed);
    expect(await session.retryFailed(id)).toEqual(['retried']);
    expect((await backend.bulk.browse({ tag: 't' }, null, 100)).ids).toEqual([]);
    expect((await session.cancel(id)).result).toBe('cancelled');
  }
  expect(await session.waiting()).toEqual([]);
});

test('tokens grow though the server’s clock was set back, and go by the clock again where it is ahead of them', async () => {
  const { url, cli } = await server();
  const { session, backend } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  const ahead = (await backend.now()) * 1_000 + 3_600_000_000;
  await cli('SET', 'p:token', String(ahead));
  const tokens: number[] = [];
  const claim = async (...ids: string[]) => {
    await session.enqueue(...ids.map((id) => newJob(id)));
    for (const { token } of await session.claim(worker, 5)) tokens.push(Number(token));
  };
  await claim('a');
  await claim('b', 'c');
  await claim('d');
  expect(tokens).toEqual([1, 2, 3, 4].map((nth) => ahead + nth));
  expect(await cli('GET', 'p:token')).toBe(String(ahead + 4));
  // As it was before there was a clock in it.
  await cli('SET', 'p:token', '7');
  const before = (await backend.now()) * 1_000;
  await claim('e');
  await claim('f', 'g');
  expect(tokens[4]).toBeGreaterThanOrEqual(before);
  expect(tokens.slice(4)).toEqual([...new Set(tokens.slice(4))].sort((one, other) => one - other));
});

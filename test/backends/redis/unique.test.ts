// What stands in Redis of unique keys, and what must not stand there any more.

import { expect, test } from 'vitest';
import { completed, failed, HOUR, newJob } from '../../../src/contract/conformance/session.ts';
import { uniqueJob } from '../../../src/contract/conformance/unique.ts';
import { server, store } from './stage.ts';

test('nothing is left of keys whose jobs have ended, however that was', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  const worker = await session.worker();
  await session.enqueue(
    ...['completed', 'failed', 'cancelled', 'dead', 'replaced'].map((key) => uniqueJob(key, { key })),
    uniqueJob('waiting', { key: 'waiting', state: 'waiting' }),
  );
  expect(await cli('HLEN', 'p:uniques')).toBe('6');
  await session.enqueue(uniqueJob('other', { key: 'replaced', onConflict: 'replace', state: 1 }));
  await session.cancel('cancelled');
  await session.settle(await session.take(worker, 'completed'), completed);
  await session.settle(await session.take(worker, 'failed'), failed);
  await session.settle(await session.take(worker, 'dead'), { kind: 'dead', reason: 'damaged' });
  await session.take(worker, 'waiting');
  // What is taken for a time is dropped by the server itself.
  await expect.poll(() => cli('KEYS', 'p:unique*')).toBe('');
});

test('a key that is taken for a time expires in Redis when that is up, and not before', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  await session.enqueue(uniqueJob('a', { state: HOUR }));
  expect(await cli('EXISTS', 'p:uniques')).toBe('0');
  const [name = ''] = (await cli('--raw', 'KEYS', 'p:unique:*')).split('\n');
  expect(name).toBe('p:unique:test');
  expect(Number(await cli('PTTL', 'p:unique:test\nk'))).toBeGreaterThan(HOUR - 60_000);
});

test('a key whose job somebody deleted by hand is free, and the job that has it next keeps it', async () => {
  const { url, cli } = await server();
  const { session, backend } = await store({ url, prefix: 'p' });
  await session.enqueue(uniqueJob('a'));
  await cli('DEL', 'p:job:a', 'p:queue:q');
  expect(await backend.uniqueKeys.standing('test', 'k')).toBeNull();
  expect(await session.enqueue(uniqueJob('b'))).toEqual(['enqueued']);
  // A job with the id of the one that is gone has nothing to do with it.
  await session.enqueue(uniqueJob('a', { key: 'other' }));
  await session.cancel('a');
  expect(await backend.uniqueKeys.standing('test', 'k')).toEqual({ id: 'b', queue: 'q' });
});

test('jobs that are replaced over and over leave no trace in their list', async () => {
  const { url, cli } = await server();
  const { session } = await store({ url, prefix: 'p' });
  await session.enqueue(newJob('before'));
  for (let n = 0; n < 200; n += 1) {
    await session.enqueue(uniqueJob(`job-${n}`, { onConflict: 'replace' }));
  }
  expect(await cli('LRANGE', 'p:queue:q', '0', '-1')).toBe('before\njob-199');
  expect(await cli('KEYS', 'p:cancelled*')).toBe('');
});

test('one that is far from the end of its list is passed over when it comes up, and not before', async () => {
  const { url } = await server();
  const { session, backend } = await store({ url, prefix: 'p' });
  const ids = Array.from({ length: 150 }, (_, n) => `other-${n}`);
  await session.enqueue(uniqueJob('a'), ...ids.map((id) => newJob(id)));
  await session.enqueue(uniqueJob('b', { onConflict: 'replace' }));
  // The id is used again, and goes again, from the end: what is passed over is the first one.
  await session.enqueue(uniqueJob('a', { key: 'l' }));
  await session.enqueue(uniqueJob('c', { key: 'l', onConflict: 'replace' }));
  await session.enqueue(newJob('a'));
  expect(await backend.size('q')).toBe(153);
  expect(await session.waiting()).toEqual([...ids, 'b', 'c', 'a']);
  expect((await backend.peek('q'))?.id).toBe('other-0');
  const claimed = await session.claim(await session.worker(), 200);
  expect(claimed.map(({ id }) => id)).toEqual([...ids, 'b', 'c', 'a']);
  expect(await backend.size('q')).toBe(0);
});

test('what is no record counts for nothing', async () => {
  const { url, cli } = await server();
  const { session, backend } = await store({ url, prefix: 'p' });
  for (const record of ['', '-', 'x y z', '- 1 a', 'soon 1 a q']) {
    await cli('SET', 'p:unique:test\nk', record);
    expect(await backend.uniqueKeys.standing('test', 'k')).toBeNull();
  }
  expect(await session.enqueue(uniqueJob('a'))).toEqual(['enqueued']);
});

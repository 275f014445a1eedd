// What stands in the file of unique keys, and what must not stand there any more.

import { expect, test } from 'vitest';
import { completed, failed, HOUR, Session } from '../../../src/contract/conformance/session.ts';
import { uniqueJob } from '../../../src/contract/conformance/unique.ts';
import { execute, newPath, openStore, valueIn } from './stage.ts';

const KEYS = 'SELECT count(*) FROM unique_keys';

test('nothing is left of keys whose jobs have ended, however that was', async () => {
  const path = await newPath();
  const session = new Session(await openStore(path));
  const worker = await session.worker();
  await session.enqueue(
    ...['completed', 'kept', 'failed', 'cancelled', 'dead', 'replaced'].map((key) => uniqueJob(key, { key })),
    uniqueJob('waiting', { key: 'waiting', state: 'waiting' }),
  );
  expect(await valueIn(path, KEYS)).toBe(7);
  await session.enqueue(uniqueJob('other', { key: 'replaced', onConflict: 'replace', state: 1 }));
  await session.cancel('cancelled');
  await session.settle(await session.take(worker, 'completed'), completed);
  await session.settle(await session.take(worker, 'kept'), { ...completed, keep: { for: HOUR, count: null } });
  await session.settle(await session.take(worker, 'failed'), failed);
  await session.settle(await session.take(worker, 'dead'), { kind: 'dead', reason: 'damaged' });
  await session.take(worker, 'waiting');
  expect(await valueIn(path, KEYS)).toBe(1);
  // What is taken for a time is dropped by a sweep.
  await session.passed();
  await session.checkIn();
  expect(await valueIn(path, KEYS)).toBe(0);
});

test('a key whose job somebody deleted by hand is free, and so is one of a job whose extras are damaged', async () => {
  const path = await newPath();
  const session = new Session(await openStore(path));
  await session.enqueue(uniqueJob('a'));
  await execute(path, 'DELETE FROM jobs');
  expect(await session.enqueue(uniqueJob('b'))).toEqual(['enqueued']);
  await execute(path, "UPDATE jobs SET extras = '{'");
  const [b] = await session.claim(await session.worker());
  if (b === undefined) throw new Error('b should have come up');
  await session.settle(b, completed);
  expect(await session.backend.uniqueKeys.standing('test', 'k')).toBeNull();
  expect(await session.enqueue(uniqueJob('c'))).toEqual(['enqueued']);
});

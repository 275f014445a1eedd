import { expect, test } from 'vitest';
import { completed, newJob, released, Session } from '../../../src/contract/conformance/session.ts';
import { execute, newPath, openStore } from './stage.ts';

const prior = (id: string, priority: number) => newJob(id, { extras: { priority } });

test('the order is kept at the ends of what a position can count', async () => {
  const path = await newPath();
  const session = new Session(await openStore(path));
  const worker = await session.worker();
  await session.enqueue(newJob('first'));
  await session.settle(await session.take(worker, 'first'), completed);
  const most = 2 ** 41 - 100;
  await execute(path, `UPDATE queues SET front = ${-most}, back = ${most}`);
  await session.enqueue(prior('b', 1000), prior('c', 1000), prior('d', 999), newJob('x'), prior('y', -1000));
  await session.settle(await session.take(worker, 'b'), released);
  expect(await session.waiting()).toEqual(['b', 'c', 'd', 'x', 'y']);
  for (const id of ['b', 'c', 'd', 'x']) await session.settle(await session.take(worker, id), completed);
  await session.settle(await session.take(worker, 'y'), released);
  await session.enqueue(prior('z', -999));
  expect(await session.waiting()).toEqual(['z', 'y']);
});

test('extras that were spoiled by hand say nothing, and the job runs', async () => {
  const path = await newPath();
  const backend = await openStore(path);
  const session = new Session(backend);
  const worker = await session.worker();
  for (const [at, spoiled] of ['7', '[]', 'no JSON', '{"priority":"x","deadline":7,"tags":3}', 'null'].entries()) {
    const id = `job-${at}`;
    await session.enqueue(newJob(id, { extras: { tags: ['t'] } }));
    await execute(path, `UPDATE jobs SET extras = '${spoiled}' WHERE id = '${id}'`);
    await session.settle(await session.take(worker, id), released);
    expect((await backend.bulk.browse({ tag: 't' }, null, 100)).ids).toEqual([]);
    await session.settle(await session.take(worker, id), completed);
  }
});

// Which queues the store has been told of, so that it need not be told again.

import { expect, test } from 'vitest';
import { Announced } from '../../../src/backends/redis/announced.ts';
import { newJob } from '../../../src/contract/conformance/session.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { server, store } from './stage.ts';

function announced() {
  const world = { epoch: 1, time: 1_000 };
  const queues = new Announced({ ...systemClock, monotonic: () => world.time }, () => world.epoch);
  expect(queues.has('q')).toBe(false);
  queues.add('q', world.epoch);
  expect([queues.has('q'), queues.has('other')]).toEqual([true, false]);
  return { world, queues };
}

test('a queue is known for a minute', () => {
  const { world, queues } = announced();
  world.time += 60_000;
  expect(queues.has('q')).toBe(true);
  world.time += 1;
  expect(queues.has('q')).toBe(false);
});

test('and no longer than the connection over which it was told', () => {
  const { world, queues } = announced();
  world.epoch = 2;
  expect(queues.has('q')).toBe(false);
  // A reply of the connection before comes late.
  queues.add('q', 1);
  expect(queues.has('q')).toBe(false);
  queues.add('q', 2);
  expect(queues.has('q')).toBe(true);
});

test('names that are made from data are not kept without end', () => {
  const { queues } = announced();
  for (let number = 0; number <= 1_000; number += 1) queues.add(`q-${number}`, 1);
  expect(queues.has('q-1000')).toBe(false);
  queues.add('q-1000', 1);
  expect(queues.has('q-1000')).toBe(true);
});

test('the name of a queue is written once, and again after the connection was made anew', async () => {
  const target = await server();
  const { session } = await store({ url: target.url, prefix: 'p' });
  const names = () => target.cli('SMEMBERS', 'p:queues');
  await session.enqueue(newJob('a'));
  expect(await names()).toBe('q');
  await target.cli('DEL', 'p:queues');
  await session.enqueue(newJob('b'));
  expect(await names()).toBe('');
  await target.cli('CLIENT', 'KILL', 'TYPE', 'normal');
  // What was on its way when the connection broke goes as it was said.
  let next = 0;
  await expect.poll(() => session.enqueue(newJob(`c-${next++}`)).then(names)).toBe('q');
  expect((await session.waiting()).slice(0, 3)).toEqual(['a', 'b', 'c-0']);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { queueOrder } from '../../src/manager/queue-order.ts';

test('a list is a strict order', () => {
  const order = queueOrder(['b', 'a'], Math.random);
  expect([order(), order()]).toEqual([
    ['b', 'a'],
    ['b', 'a'],
  ]);
});

test('by weights every queue has its place in every order', () => {
  const seed = process.env.WINGMAN_SEED === undefined ? {} : { seed: Number(process.env.WINGMAN_SEED) };
  const weights = fc.dictionary(fc.string({ minLength: 1 }), fc.double({ min: 0.001, max: 1_000, noNaN: true }));
  fc.assert(
    fc.property(weights, (queues) => {
      expect([...queueOrder(queues, Math.random)()].sort()).toEqual(Object.keys(queues).sort());
    }),
    seed,
  );
});

test('by weights a queue comes first in proportion to its weight', () => {
  // Any sequence of evenly spread numbers: the share must come out, not the order.
  let state = 1;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const order = queueOrder({ often: 3, seldom: 1 }, random);
  const first = Array.from({ length: 4_000 }, () => order()[0]);
  const share = first.filter((queue) => queue === 'often').length / first.length;
  expect(share).toBeGreaterThan(0.72);
  expect(share).toBeLessThan(0.78);
});

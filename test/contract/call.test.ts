import { expect, test } from 'vitest';
import { Caller } from '../../src/contract/call.ts';

test('the floor of a call is the oldest that is open, in whatever order they are closed, and however often', () => {
  const caller = new Caller('client');
  const calls = Array.from({ length: 4 }, () => caller.open());
  expect(calls.map(({ sequence, floor }) => [sequence, floor])).toEqual([1, 2, 3, 4].map((at) => [at, 1]));
  const close = (at: number): void => {
    const call = calls[at - 1];
    if (call !== undefined) caller.close(call);
  };
  const nextFloor = (): number => {
    const call = caller.open();
    caller.close(call);
    return call.floor;
  };
  close(2);
  expect(nextFloor()).toBe(1);
  close(1);
  close(1);
  expect(nextFloor()).toBe(3);
  close(4);
  expect(nextFloor()).toBe(3);
  close(3);
  expect(nextFloor()).toBe(8);
});

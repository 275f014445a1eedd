// The instants of a log's lines: right to a millisecond, and next to free.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InstantWriter, WallClock } from '../../src/manager/wall-clock.ts';
import { systemClock } from '../../src/runtime/clock.ts';

test('it is asked once in a millisecond, and shows what a clock on the wall does', () => {
  const time = { now: Date.parse('2026-01-01T00:00:00Z'), asked: 0 };
  const wall = new WallClock({
    ...systemClock,
    now: () => {
      time.asked += 1;
      return time.now;
    },
  });
  const start = time.now;
  expect([wall.at(5), wall.at(5.25), wall.at(5.875), time.asked]).toEqual([start, start + 0.25, start + 0.875, 1]);
  // It was set back by an hour meanwhile.
  time.now = start - 3_600_000;
  expect([wall.at(6), wall.at(6.5), time.asked]).toEqual([time.now, time.now + 0.5, 2]);
});

test('instants are written as ever, in whatever order they come', () => {
  const at = fc.double({ min: 0, max: 4e12, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.oneof(at, fc.constantFrom(0, 0.5, 1, 1.5)), { maxLength: 20 }), (instants) => {
      const writer = new InstantWriter();
      expect(instants.map((each) => writer.write(each))).toEqual(instants.map((each) => new Date(each).toISOString()));
    }),
  );
});

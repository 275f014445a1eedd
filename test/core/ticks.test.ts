import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type After, type CatchUp, everyAfter, stepOf, within } from '../../src/core/ticks.ts';

/** The ticks of a list. */
const listed =
  (...ticks: readonly number[]): After =>
  (instant) =>
    ticks.find((tick) => tick > instant) ?? null;

describe('ticks at fixed distances', () => {
  test('are counted from their anchor, whatever the instant that is asked for', () => {
    const after = everyAfter(7, 3);
    expect([-5, -4, 2, 3, 9, 10].map(after)).toEqual([-4, 3, 3, 10, 10, 17]);
  });

  test('end before no Date could tell them', () => {
    expect(everyAfter(1_000, 0)(8.64e15 - 1)).toBe(8.64e15);
    expect(everyAfter(1_000, 0)(8.64e15)).toBeNull();
  });

  test('are cut at a start and at an end, both of which may be ticks', () => {
    const after = within(everyAfter(10, 0), 20, 40);
    expect([0, 20, 39, 40].map(after)).toEqual([20, 30, 40, null]);
    expect(within(everyAfter(10, 0), 21, 29)(0)).toBeNull();
  });
});

describe('a step', () => {
  const after = listed(10, 20, 30, 40, 50);

  test.each<[CatchUp, number, number, object]>([
    ['latest', 10, 10, { tick: 10, next: 20 }],
    ['latest', 10, 19, { tick: 10, next: 20 }],
    ['latest', 10, 35, { tick: 30, next: 40 }],
    ['latest', 10, 1_000, { tick: 50, next: null }],
    ['none', 10, 35, { tick: 30, next: 40 }],
    ['none', 10, 60_050, { tick: 50, next: null }],
    ['none', 10, 60_051, { tick: null, next: null }],
    [{ all: 1 }, 10, 35, { tick: 30, next: 40 }],
    [{ all: 2 }, 10, 35, { tick: 20, next: 30 }],
    [{ all: 3 }, 10, 35, { tick: 10, next: 20 }],
    [{ all: 100 }, 10, 1_000, { tick: 10, next: 20 }],
    [{ all: 2 }, 50, 1_000, { tick: 50, next: null }],
  ])('%j: next %i, now %i', (catchUp, next, now, expected) => {
    expect(stepOf(catchUp, next, now, after)).toEqual(expected);
  });

  test('does as one that looks at each tick would, whatever their distances', () => {
    const gaps = fc.array(fc.integer({ min: 1_000, max: 400_000 }), { minLength: 1, maxLength: 60 });
    const catchUp = fc.oneof(fc.constant<CatchUp>('latest'), fc.record({ all: fc.integer({ min: 1, max: 12 }) }));
    fc.assert(
      fc.property(gaps, fc.nat(500_000), catchUp, (distances, late, rule) => {
        let last = 0;
        const ticks = distances.map((distance) => {
          last += distance;
          return last;
        });
        const [next = 0] = ticks;
        const now = next + late * ticks.length;
        const passed = ticks.filter((tick) => tick <= now);
        const tick = typeof rule === 'object' ? passed.slice(-rule.all)[0] : passed.at(-1);
        const step = stepOf(rule, next, now, listed(...ticks));
        expect(step).toEqual({ tick, next: listed(...ticks)(tick ?? 0) });
      }),
      { numRuns: 500 },
    );
  });

  test('looks at few ticks, though millions were missed', () => {
    let looks = 0;
    const counted: After = (instant) => {
      looks += 1;
      return everyAfter(1_000, 0)(instant);
    };
    const year = 365 * 86_400_000;
    expect(stepOf('latest', 1_000, year + 1, counted)).toEqual({ tick: year, next: year + 1_000 });
    expect(looks).toBeLessThan(60);
    looks = 0;
    expect(stepOf({ all: 100 }, 1_000, year, counted)).toMatchObject({ tick: year - 99_000 });
    expect(looks).toBeLessThan(800);
  });
});

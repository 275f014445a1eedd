import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMilliseconds } from '../../src/core/duration.ts';

describe('duration', () => {
  it.each([
    [0, 0],
    [1500, 1500],
    [1.4, 1],
    ['250ms', 250],
    ['1 millisecond', 1],
    ['2 milliseconds', 2],
    ['30s', 30_000],
    ['1 sec', 1_000],
    ['2 secs', 2_000],
    ['1.5 seconds', 1_500],
    ['5m', 300_000],
    ['10 mins', 600_000],
    ['1 minute', 60_000],
    ['1.5h', 5_400_000],
    ['2 HOURS', 7_200_000],
    ['2 days', 172_800_000],
    ['1w', 604_800_000],
    ['  3 weeks  ', 1_814_400_000],
    ['0s', 0],
    ['0.5ms', 1],
  ])('reads %j as %d milliseconds', (duration, milliseconds) => {
    expect(toMilliseconds(duration, 'delay')).toBe(milliseconds);
  });

  it.each([
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [Number.MAX_VALUE],
    [4e15 + 1],
    [''],
    ['5'],
    ['s'],
    ['-5s'],
    ['5 parsecs'],
    ['1e3s'],
    ['1,5s'],
    ['5s 3ms'],
    ['1 constructor'],
    ['1 __proto__'],
    ['99999999999999 weeks'],
  ])('refuses %j, and says what it received', (duration) => {
    expect(() => toMilliseconds(duration, 'retry.delay')).toThrowError(
      expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID', message: expect.stringContaining("'retry.delay'") }),
    );
  });

  it('refuses what is neither a number nor text', () => {
    for (const duration of [null, undefined, true, 1n, {}, [5], new Date()]) {
      expect(() => Reflect.apply(toMilliseconds, null, [duration, 'delay'])).toThrow(/'delay' must be a duration/);
    }
  });

  it('takes none that ends later than a Date can be', () => {
    const farFromNow = Date.UTC(9999, 0) + toMilliseconds(4e15, 'delay');
    expect(Number.isNaN(new Date(farFromNow).getTime())).toBe(false);
  });

  it('gives whole milliseconds for every duration it takes', () => {
    const units = fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w');
    const amount = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value.toFixed(3));
    fc.assert(
      fc.property(amount, units, (value, unit) => {
        expect(Number.isSafeInteger(toMilliseconds(`${value}${unit}`, 'delay'))).toBe(true);
      }),
    );
  });
});

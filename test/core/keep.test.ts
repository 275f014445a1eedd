import { expect, test } from 'vitest';
import { type KeepOptions, keepRule } from '../../src/core/keep.ts';

test('a rule is a time, a number of jobs, or both', () => {
  expect(keepRule(undefined, 'keep')).toBeNull();
  expect(keepRule('1 day', 'keep')).toEqual({ for: 86_400_000, count: null });
  expect(keepRule(1_000, 'keep')).toEqual({ for: null, count: 1_000 });
  expect(keepRule({ for: '1h', count: 5 }, 'keep')).toEqual({ for: 3_600_000, count: 5 });
});

test.each([
  ['0 days', '"0 days"'],
  ['soon', '"soon"'],
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [{}, '{}'],
  [{ for: 0 }, '0'],
  [{ count: 0 }, '0'],
  [{ most: 5 }, '{"most":5}'],
  [null, 'null'],
])('a rule that keeps nothing, or makes no sense, is refused with what was received: %j', (rule, received) => {
  expect(() => keepRule(rule as KeepOptions, 'keep')).toThrow(
    expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID', message: expect.stringContaining(received) }),
  );
});

import { expect, test } from 'vitest';
import { judge } from '../../bench/report/judge.mjs';
import { median, percentile, ratios, spread } from '../../bench/report/statistics.mjs';

const figures = {
  wingman: [{ rate: 60 }, { rate: 90 }, { rate: 50 }],
  bullmq: [{ rate: 10 }, { rate: 30 }, { rate: 10 }],
  floor: [{ rate: 100 }, { rate: 100 }, { rate: 100 }],
};

test('the median of an even number of figures is between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
});

test('a percentile is one of the figures', () => {
  const sorted = Float64Array.from({ length: 1_000 }, (_, at) => at);
  expect([0.5, 0.99, 0.999, 1].map((share) => percentile(sorted, share))).toEqual([500, 990, 999, 999]);
});

test('ratios are made within rounds, and a round that lacks one of the two gives none', () => {
  expect(ratios(figures.wingman, figures.bullmq, 'rate')).toEqual([6, 3, 5]);
  expect(ratios([null, { rate: 4 }, { rate: 6 }], [{ rate: 1 }, { rate: 2 }, null], 'rate')).toEqual([2]);
});

test('a target is judged by the median of the ratios, and its goal apart', () => {
  const wish = { of: 'wingman', to: 'bullmq', atLeast: 5, goal: 10, goalTo: 'bullmq' };
  expect(judge(wish, 'rate', figures)).toMatchObject({ median: 5, min: 3, max: 6, isMet: true, isGoalMet: false });
  expect(judge({ ...wish, atLeast: 5.1 }, 'rate', figures).isMet).toBe(false);
});

test('what must not be more is met by less', () => {
  expect(judge({ of: 'bullmq', atMost: 10, goal: 5 }, 'rate', figures)).toMatchObject({
    isMet: true,
    isGoalMet: false,
  });
  expect(judge({ of: 'bullmq', atMost: 9 }, 'rate', figures).isMet).toBe(false);
});

test('a goal may be beside another contender than the target', () => {
  const wish = { of: 'wingman', to: 'bullmq', atLeast: 5, goal: 0.5, goalTo: 'floor' };
  expect(judge(wish, 'rate', figures)).toMatchObject({ median: 5, goalValue: 0.6, isMet: true, isGoalMet: true });
});

test('without a figure a target is missed', () => {
  const failed = { ...figures, wingman: [null, null, null] };
  expect(judge({ of: 'wingman', to: 'bullmq', atLeast: 1 }, 'rate', failed)).toMatchObject({
    isMet: false,
    isGoalMet: false,
  });
  expect(judge({ of: 'wingman', atMost: 1 }, 'rate', failed).isMet).toBe(false);
});

test('a wish without a bound is told and not judged', () => {
  expect(judge({ of: 'wingman', to: 'bullmq' }, 'rate', figures)).toMatchObject({ median: 5, isAsked: false });
});

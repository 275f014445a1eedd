import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cases } from '../../bench/cases/index.mjs';
import { settle } from '../../bench/cases/shape.mjs';
import { metrics } from '../../bench/report/metrics.mjs';

const bench = new URL('../../bench/', import.meta.url);

test('no two cases have the same name, nor two contenders of a case', () => {
  const names = cases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, contenders } of cases) {
    expect(new Set(contenders.map((one) => one.name)).size, name).toBe(contenders.length);
  }
});

test('each case has contenders and a measure that there are, and metrics with a name', () => {
  const measures = readFileSync(new URL('measures/index.mjs', bench), 'utf8');
  for (const { name, measure, contenders, metrics: asked } of cases) {
    expect(measures, name).toMatch(new RegExp(`^  ${measure},$`, 'm'));
    for (const { peer } of contenders) expect(existsSync(new URL(`contenders/${peer}.mjs`, bench)), peer).toBe(true);
    for (const metric of asked) expect(metrics, name).toHaveProperty(metric);
  }
});

test('what is asked names contenders of the case, which are in the short run as well', () => {
  for (const { name, wanted, contenders } of cases) {
    const short = contenders.filter(({ fullOnly }) => !fullOnly).map((one) => one.name);
    for (const { of, to = of, goalTo = of } of wanted)
      expect(short, name).toEqual(expect.arrayContaining([of, to, goalTo]));
  }
});

test('a setting that is a list is the one of the short run and the one of the full run', () => {
  expect(settle({ jobs: [1, 2], way: 'bulk' }, true)).toEqual({ jobs: 1, way: 'bulk' });
  expect(settle({ jobs: [1, 2], way: 'bulk' }, false)).toEqual({ jobs: 2, way: 'bulk' });
});

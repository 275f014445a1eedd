import { expect, test } from 'vitest';
import { svgOf } from '../../bench/report/chart.mjs';
import { drawAll } from '../../bench/report/charts.mjs';
import { judge } from '../../bench/report/judge.mjs';
import { documentOf } from '../../bench/report/markdown.mjs';
import { shown } from '../../bench/report/metrics.mjs';
import { withSection } from '../../bench/report/readme.mjs';
import type { Result } from '../../bench/report/result.mjs';
import { align, describe } from '../../bench/report/table.mjs';

const figures = {
  floor: [
    { rate: 800_000, cpu: 1 },
    { rate: 900_000, cpu: 1 },
  ],
  bullmq: [
    { rate: 20_000, cpu: 50 },
    { rate: 22_000, cpu: 51 },
  ],
  wingman: [{ rate: 180_000, cpu: 5 }, null],
};
const noOp: Result = {
  ...{ name: 'no-op-100', theme: 'processing', title: 'No-op jobs, concurrency 100', metrics: ['rate', 'cpu'] },
  ...{ rounds: 2, isQuick: true, seconds: 3, figures },
  failures: [{ contender: 'wingman', round: 2, why: 'Error: gone' }],
  skipped: [{ contender: 'graphile-worker', why: 'no PostgreSQL' }],
  verdicts: [judge({ of: 'wingman', to: 'bullmq', atLeast: 6, goal: 10, goalTo: 'bullmq' }, 'rate', figures)],
};

test('numbers have the digits that count', () => {
  expect([undefined, 0, 0.0312, 0.5, 9.999, 12.34, 1_234.5].map((value) => shown(value))).toEqual([
    '–',
    '0.00',
    '0.031',
    '0.50',
    '10.00',
    '12.3',
    '1,235',
  ]);
});

test('columns are aligned, and those that are empty left out', () => {
  expect(
    align([
      ['', 'a', 'b', 'c'],
      ['one', '1', '', '100'],
      ['three', '12', '', '1'],
    ]),
  ).toEqual(['        a    c', 'one     1  100', 'three  12    1']);
});

test('a case shows medians, ratios within rounds, who failed, who was skipped and why, and the verdict', () => {
  expect(describe(noOp).split('\n')).toEqual([
    'No-op jobs, concurrency 100 (2 rounds)',
    '            jobs/s  µs CPU          min – max  × BullMQ    min – max',
    '  floor    850,000    1.00  800,000 – 900,000      40.5  40.0 – 40.9',
    '  BullMQ    21,000    50.5    20,000 – 22,000                       ',
    '  Wingman  180,000    5.00                         9.00             ',
    '  Graphile Worker skipped: no PostgreSQL',
    '  ! Wingman failed in round 2',
    '  ✓ met     Wingman to BullMQ, jobs per second: 9.00, at least 6; goal 10, not reached',
    '',
  ]);
});

test('a chart has a bar for each contender, as long as its figure, and escapes what it shows', () => {
  const bar = { min: 50, max: 100, text: '100', kind: 'own' } as const;
  const groups = [
    {
      label: 'a < b',
      bars: [
        { ...bar, name: 'one & two', value: 100 },
        { ...bar, name: 'half', value: 50, max: 50 },
      ],
    },
  ];
  const svg = svgOf({ title: 'T', subtitle: 'S', groups });
  const widths = [...svg.matchAll(/<rect class="own"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toHaveLength(2);
  expect(widths[0]).toBe(2 * (widths[1] ?? 0));
  expect(svg.match(/<line class="spread"/g)).toHaveLength(1);
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('one &amp; two');
});

test('charts are drawn of what there are figures for', () => {
  const drawn = drawAll([noOp]);
  expect(drawn.map(({ file }) => file)).toEqual(['no-op.svg', 'floor.svg', 'cpu.svg']);
  expect(drawn[0]?.svg).toContain('180,000 (9.00 × BullMQ)');
  expect(drawAll([])).toEqual([]);
});

const about = {
  ...{ date: '2026-01-02', commit: 'abc', cpu: 'A CPU', cores: 2, memory: 4, system: 'linux x64', node: '20.0.0' },
  ...{ redis: '7.0.1', versions: { bullmq: '6.7.0' } },
};

test('the document has the machine, each target with its verdict, each case, and what each contender was set to', () => {
  const contenders = [{ name: 'BullMQ', version: '6.7.0', settings: ['`addBulk`'] }];
  const text = documentOf({ about, results: [noOp], charts: drawAll([noOp]), contenders });
  expect(text).toContain('2026-01-02, commit abc: A CPU, 2 cores, 4 GB; linux x64, Node 20.0.0, Redis 7.0.1.');
  expect(text).toContain('**1 of 1 targets met.**');
  expect(text).toContain('Wingman to BullMQ, jobs per second | **9.00** | ≥ 6 | ≥ 10 | met |');
  expect(text).toContain('![No-op jobs per second, one process on Redis](benchmarks/no-op.svg)');
  expect(text).toContain('| Wingman | 180,000 | 5.00 |  | 9.00 |  |');
  expect(text).toContain('- Graphile Worker skipped: no PostgreSQL\n- Wingman failed in round 2');
  expect(text).toContain('**BullMQ** 6.7.0\n\n- `addBulk`');
  expect(text).toContain('**No-op jobs, concurrency 100** (2 rounds, *quick*)');
  expect(text).not.toContain('Not all cases');
});

test('a case that was run before says when and on which commit, and the document that there are such', () => {
  const measured = { date: '2026-01-01', commit: 'older' };
  const text = documentOf({ about, results: [{ ...noOp, measured }], charts: [], contenders: [] });
  expect(text).toContain('**No-op jobs, concurrency 100** (2 rounds, *quick*, 2026-01-01, commit older)');
  expect(text).toContain('Not all cases were run on that commit: each says when it was, and on which.');
});

test('the section of the README is made anew, and nothing else touched', () => {
  const readme = 'before\n<!-- how fast: made by npm run bench -- --write -->\nold\n<!-- how fast: end -->\nafter\n';
  const written = withSection(readme, [noOp]);
  expect(written).toContain('**180,000 jobs a second** in one process with concurrency 100, 9.00 × BullMQ');
  expect(written).toMatch(/^before\n<!-- how fast: made.*<!-- how fast: end -->\nafter\n$/s);
  expect(written).not.toContain('old');
  expect(withSection(written, [noOp])).toBe(written);
  expect(() => withSection('nothing', [noOp])).toThrow('no section');
});

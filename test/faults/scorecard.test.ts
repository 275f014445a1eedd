import { expect, test } from 'vitest';
import { describeTotals, merge, type Played, scorecard, table } from '../../scripts/scorecard.mjs';

const result = (scenario: string, fields: Partial<Played> = {}): Played => ({
  ...{ scenario, backend: 'redis', form: 'full', seed: 7, seconds: 1, jobs: 1_200, lost: 0, runAgain: 3 },
  ...{ faults: { kill: 2, other: 1 }, recoveries: [1_000, 1_500, 9_000], violations: [], notes: [] },
  commit: 'abc',
  ...fields,
});
const about = { date: '2026-01-02', node: '20.0.0', redis: '7.0.1', cores: 2 };

test('a row says what was injected, what was lost, how long recovery took, and the verdict', () => {
  const failed = { violations: [{ rule: 'an acknowledged job was lost', what: 'job x' }], lost: 1, recoveries: [] };
  expect(
    table([result('one'), result('two', failed)])
      .split('\n')
      .slice(2),
  ).toEqual([
    '| one | redis | 3 | 1,200 | 0 | 3 | 1.5 s / 9.0 s | 7 | passed |',
    '| two | redis | 3 | 1,200 | 1 | 3 | – | 7 | **FAILED** |',
  ]);
});

test('the document counts, tells the worst of what was measured, and names each failure', () => {
  const notes = ['until work went on: 0.4 s', 'until work went on: 1.2 s', 'a remark'];
  const failed = { violations: [{ rule: 'an acknowledged job was lost', what: 'job x' }] };
  const text = scorecard([result('one', { notes }), result('two', failed)], about);
  expect(text).toContain('2 scenarios, 6 faults (4 times kill -9 of a worker), 2,400 jobs, 0 lost; 1 of 2 failed.');
  expect(text).toContain('- one, redis: until work went on 1.2 s, the worst of 2');
  expect(text).toContain('- one, redis: a remark');
  expect(text).toContain('- two, redis: an acknowledged job was lost: job x');
});

test('what a server forgets as its settings let it is told apart from what is lost', () => {
  expect(describeTotals([result('power failure', { lost: 7 })])).toContain(
    '0 lost (and 7 that the server itself forgot, as its settings let it)',
  );
  const violations = [{ rule: 'an acknowledged job was lost', what: 'job x' }];
  expect(describeTotals([result('kill', { lost: 7, violations })])).toMatch(/ 7 lost$/);
});

test('a run of some scenarios replaces their rows, and keeps the others', () => {
  const before = scorecard([result('one'), result('two', { lost: 5 })], about);
  const newer = result('two', { seed: 8, commit: 'def' });
  const after = merge(before, [newer]);
  expect(scorecard(after, about)).toContain('2026-01-02, commit abc and def, Node 20.0.0');
  expect(after.map(({ scenario, seed, lost }) => [scenario, seed, lost])).toEqual([
    ['one', 7, 0],
    ['two', 8, 0],
  ]);
  expect(describeTotals(after)).toBe(describeTotals([result('one'), result('two')]));
  expect(table(after)).toContain('| 1.5 s / 9.0 s |');
});

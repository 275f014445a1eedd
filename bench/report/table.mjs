// Results as lines for a terminal.

import { metrics, shown } from './metrics.mjs';
import { nameOf } from './names.mjs';
import { ratios, spread } from './statistics.mjs';

/** One case: a row for each contender, with its ratio to BullMQ, then the verdicts. */
export function describe(result) {
  const { title, rounds, failures } = result;
  const header = ['', ...result.metrics.map((metric) => metrics[metric].unit), 'min – max', '× BullMQ', 'min – max'];
  const rows = rowsOf(result);
  const lines = align([header, ...rows]).map((line) => `  ${line}`);
  const notes = notesOf(result).map((note) => `  ${note}`);
  const failed = failures.map(({ contender, round }) => `  ! ${nameOf(contender)} failed in round ${round}`);
  return [
    `${title} (${rounds} ${rounds === 1 ? 'round' : 'rounds'})`,
    ...lines,
    ...notes,
    ...failed,
    ...result.verdicts.map((verdict) => `  ${describeVerdict(verdict)}`),
    '',
  ].join('\n');
}

/** What is to be said of contenders beside their figures: why one did not take part, what a measurement remarks. */
export function notesOf({ figures, skipped }) {
  const remarks = Object.entries(figures).flatMap(([contender, rounds]) => {
    const note = rounds.findLast((round) => round?.note !== undefined)?.note;
    return note === undefined ? [] : [`${nameOf(contender)}: ${note}`];
  });
  return [...remarks, ...skipped.map(({ contender, why }) => `${nameOf(contender)} skipped: ${why}`)];
}

/** Cells as text: the name, the median of each metric, the spread of the first; and of the ratio to BullMQ. */
export function rowsOf({ figures, metrics: names }) {
  const [first] = names;
  return Object.entries(figures).map(([contender, rounds]) => {
    const values = (metric) => rounds.map((round) => round?.[metric]).filter((value) => value !== undefined);
    const medians = names.map((metric) => (values(metric).length === 0 ? '–' : shown(spread(values(metric)).median)));
    const beside = contender === 'bullmq' || figures.bullmq === undefined ? [] : ratios(rounds, figures.bullmq, first);
    return [
      nameOf(contender),
      ...medians,
      range(values(first)),
      beside.length === 0 ? '' : shown(spread(beside).median),
      range(beside),
    ];
  });
}

function range(values) {
  if (values.length < 2) return '';
  const { min, max } = spread(values);
  return `${shown(min)} – ${shown(max)}`;
}

export function describeVerdict({
  metric,
  of,
  to,
  atLeast,
  atMost,
  goal,
  goalTo,
  isAsked,
  median,
  min,
  max,
  goalValue,
  isMet,
  isGoalMet,
}) {
  const what = `${nameOf(of)}${to === undefined ? '' : ` to ${nameOf(to)}`}, ${metrics[metric].title}`;
  if (median === undefined) return `✗ missed   ${what}: no figure`;
  if (!isAsked) return `· ${what}: ${shown(median)}${min === max ? '' : ` (${shown(min)} – ${shown(max)})`}`;
  const asked = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  const value = `${shown(median)}${min === max ? '' : ` (${shown(min)} – ${shown(max)})`}`;
  const beyond = goalTo === to ? '' : ` × ${nameOf(goalTo)}: ${shown(goalValue)}`;
  const aim = goal === undefined ? '' : `; goal ${goal}${beyond}, ${isGoalMet ? 'reached' : 'not reached'}`;
  return `${isMet ? '✓ met   ' : '✗ missed'}  ${what}: ${value}, ${asked}${aim}`;
}

/** Columns of equal width: the first to the left, all others to the right. Columns that are empty are left out. */
export function align(rows) {
  const used = rows[0].map((_, column) => column).filter((column) => rows.slice(1).some((row) => row[column] !== ''));
  const kept = rows.map((row) => used.map((column) => row[column]));
  const widths = used.map((_, column) => Math.max(...kept.map((row) => row[column].length)));
  return kept.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  '),
  );
}

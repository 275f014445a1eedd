// Writes docs/benchmarks.md with its charts and figures, and the README's section.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';
import { cases } from '../cases/index.mjs';
import { drawAll } from './charts.mjs';
import { documentOf } from './markdown.mjs';
import { withSection } from './readme.mjs';

const folder = join(root, 'docs/benchmarks');
const figuresFile = join(folder, 'figures.json');

/** @param about the machine and versions @param results those of this run; of other cases, what was written before stays */
export async function write(about, results) {
  const known = readFigures()?.results ?? [];
  const { date, commit } = about;
  const fresh = results.map((result) => ({ ...result, measured: { date, commit } }));
  const all = cases.flatMap(({ name }) => [...fresh, ...known].find((result) => result.name === name) ?? []);
  await render({ about, results: all });
}

/** The same from figures that were written before: after the code that draws has changed. */
export async function render(figures = readFigures()) {
  const { about } = figures;
  // As they are written, so that drawing them again gives the same.
  const results = figures.results.map(rounded);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (file.endsWith('.svg')) rmSync(join(folder, file));
  const charts = drawAll(results);
  for (const { file, svg } of charts) writeFileSync(join(folder, file), svg);
  const contenders = await contendersOf(results, about);
  writeFileSync(join(root, 'docs/benchmarks.md'), documentOf({ about, results, charts, contenders }));
  writeFileSync(figuresFile, `${JSON.stringify({ about, results }, null, 1)}\n`);
  const readme = join(root, 'README.md');
  writeFileSync(readme, withSection(readFileSync(readme, 'utf8'), results));
}

function readFigures() {
  try {
    return JSON.parse(readFileSync(figuresFile, 'utf8'));
  } catch {
    return undefined;
  }
}

/** What each contender that has a figure says of itself. */
async function contendersOf(results, { versions }) {
  const names = new Set(results.flatMap(({ figures }) => Object.keys(figures)).map((name) => name.split(', ')[0]));
  const abouts = [];
  for (const name of names) {
    const { about } = await import(`../contenders/${name}.mjs`);
    abouts.push({ ...about, version: about.package === name ? versions[name] : undefined });
  }
  return abouts;
}

/** Figures with as many digits as mean something. */
function rounded(result) {
  const round = (value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value);
  const one = (figures) =>
    figures && Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
  const figures = Object.entries(result.figures).map(([contender, rounds]) => [contender, rounds.map(one)]);
  // Why one failed was shown in its run; its stack has paths of the machine.
  const failures = result.failures.map(({ contender, round }) => ({ contender, round }));
  return { ...result, failures, figures: Object.fromEntries(figures) };
}

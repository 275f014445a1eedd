// `npm run bench`: all contenders of a case in turn, A B A B, each in a fresh process on a fresh redis-server; what is
// compared are ratios within a round. `--quick` takes fewer jobs and rounds. The last line on stdout is the verdict.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { fail, npm, progress, root, ScriptError } from '../scripts/run.mjs';
import { ensureBuilt, ensureInstalled, ensureNode, ensureRedis } from '../scripts/setup.mjs';
import { cases } from './cases.mjs';
import { startServer } from './server.mjs';
import { ratios, spread } from './statistics.mjs';

const HELP = `npm run bench -- [--quick] [--only TEXT] [--rounds N] [--json]

  --quick       fewer jobs and rounds
  --only TEXT   only cases with this in their name
  --rounds N    how often each contender is measured: 5, or 3 with --quick, when left out
  --json        print one JSON object
`;

const run = promisify(execFile);

try {
  const { values } = parse();
  if (values.help) process.stdout.write(HELP);
  else await main(values);
} catch (error) {
  fail(error);
}

function parse() {
  const options = {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options });
  } catch (error) {
    throw new ScriptError(`${error.message}\n\n${HELP}`);
  }
}

async function main({ quick, only, rounds = quick ? '3' : '5', json }) {
  ensureNode();
  ensureInstalled();
  ensureBuilt();
  const server = ensureRedis();
  npm(['ci', '--ignore-scripts', '--prefer-offline'], { cwd: join(root, 'bench') });
  const chosen = cases.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) throw new ScriptError(`no case has '${only}' in its name`);
  const results = [];
  for (const one of chosen) results.push(await measure(one, quick ? one.quick : one.full, Number(rounds), server));
  const verdicts = results.flatMap(({ verdicts }) => verdicts);
  if (json) console.log(JSON.stringify({ node: process.version, results }));
  else for (const result of results) console.log(describe(result));
  const missed = verdicts.filter(({ isMet }) => !isMet).length;
  console.log(`${verdicts.length - missed} met, ${missed} missed`);
  if (missed > 0) process.exitCode = 1;
}

async function measure({ name, title, unit, contenders, wanted }, settings, rounds, program) {
  const figures = Object.fromEntries(contenders.map((contender) => [contender, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      progress(`${name}, round ${round} of ${rounds}: ${contender}`);
      figures[contender].push(await contend(contender, settings, program));
    }
  }
  const verdicts = wanted.map((wish) => judge(wish, figures));
  return { name, title, unit, settings, figures, verdicts };
}

async function contend(contender, settings, program) {
  const [name, measured] = contender.split(' ');
  const server = await startServer(program);
  try {
    const words = [join(root, 'bench/contend.mjs'), name, measured, server.url, JSON.stringify(settings)];
    const { stdout } = await run(process.execPath, words, { timeout: 300_000 });
    return Number(stdout);
  } finally {
    await server.stop();
  }
}

function judge({ of, to, atLeast, atMost }, figures) {
  const values = to === undefined ? figures[of] : ratios(figures[of], figures[to]);
  const all = spread(values);
  const value = all.median;
  const isMet = (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
  return { of, to, atLeast, atMost, value, ...all, isMet };
}

function describe({ title, unit, figures, verdicts }) {
  const rows = Object.entries(figures).map(([contender, values]) => {
    const { median: middle, min, max } = spread(values);
    return `  ${contender.padEnd(22)} ${shown(middle).padStart(12)} ${unit}   (${shown(min)} to ${shown(max)})`;
  });
  const lines = verdicts.map(({ of, to, atLeast, atMost, value, min, max, isMet }) => {
    const asked = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
    const what = to === undefined ? of : `${of} to ${to}`;
    return `  ${isMet ? '✓' : '✗'} ${what}: ${shown(value)} (${shown(min)} to ${shown(max)}), ${asked}`;
  });
  return [title, ...rows, ...lines, ''].join('\n');
}

function shown(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);
}

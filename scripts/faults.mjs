// `npm run faults`: plays the scenarios of the bench of faults (test/faults) and prints what became of them.
// `--full` plays their long form, one at a time, and writes docs/scorecard.md. The last line on stdout is the verdict.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, progress, root, run, runInForeground, ScriptError } from './run.mjs';
import { describeTotals, merge, scorecard, table } from './scorecard.mjs';
import { ensureBuilt, ensureInstalled, ensureNode, ensureRedis } from './setup.mjs';

const HELP = `npm run faults -- [--full] [--seed N] [--only TEXT]

  --full        the long form of each scenario, one at a time (some 40 minutes); writes docs/scorecard.md
  --seed N      a whole number from 0: the same seed, the same choices; picked at random when left out
  --only TEXT   only scenarios with this in their name; with --full, replaces their rows of the scorecard
`;

/** The histories of scenarios that failed in the last run. */
const KEPT = join(root, 'node_modules/.cache/faults');
const SCORECARD = join(root, 'docs/scorecard.md');

try {
  const { values } = parse();
  if (values.help) process.stdout.write(HELP);
  else await main({ ...values, seed: seedOf(values.seed) });
} catch (error) {
  fail(error);
}

function parse() {
  const options = {
    full: { type: 'boolean', default: false },
    seed: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options });
  } catch (error) {
    throw new ScriptError(`${error.message}\n\n${HELP}`);
  }
}

function seedOf(text) {
  if (text === undefined) return Math.floor(Math.random() * 1_000_000);
  const seed = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(seed)) return seed;
  throw new ScriptError(`--seed takes a whole number from 0, and got '${text}'`);
}

async function main({ full, seed, only }) {
  ensureNode();
  ensureInstalled();
  ensureBuilt();
  const server = ensureRedis();
  const folder = mkdtempSync(join(tmpdir(), 'wingman-faults-'));
  try {
    progress(`playing the ${full ? 'full' : 'short'} form with seed ${seed}`);
    const code = await play({ full, seed, only, folder });
    const results = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
    if (results.length === 0 && code !== 0) throw new ScriptError(`vitest ended with exit code ${code}: see above`);
    if (results.length === 0)
      throw new ScriptError(`no scenario was played${only ? `: none is named like '${only}'` : ''}`);
    console.log(table(results));
    if (full) keep(results, only !== undefined, server);
    const failed = results.filter(({ violations }) => violations.length > 0).length;
    if (failed > 0 || code !== 0) process.exitCode = 1;
    if (failed > 0) progress(`what every process of those that failed wrote down is in ${KEPT}`);
    console.log(`${describeTotals(results)}; ${failed} of ${results.length} failed; seed ${seed}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resolves with vitest's exit code. */
function play({ full, seed, only, folder }) {
  Object.assign(process.env, { WINGMAN_FAULTS_SEED: String(seed), WINGMAN_FAULTS_RESULTS: folder });
  rmSync(KEPT, { recursive: true, force: true });
  process.env.WINGMAN_FAULTS_KEEP = KEPT;
  if (full) process.env.WINGMAN_FAULTS_FULL = '1';
  if (only !== undefined) process.env.WINGMAN_FAULTS_ONLY = only;
  // Times are measured in the full form: what is played beside it would count.
  const alone = full ? ['--maxConcurrency=1', '--no-file-parallelism'] : [];
  const families = readdirSync(join(root, 'test/faults/scenarios')).map(
    (name) => `test/faults/${name.replace(/\.ts$/, '.test.ts')}`,
  );
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  return runInForeground(process.execPath, [vitest, 'run', ...alone, '--passWithNoTests', ...families]);
}

/** Writes the scorecard; where only some were played, the rows of the others stay. */
function keep(results, isPart, server) {
  const version = /v=([\d.]+)/.exec(run(server, ['--version']))?.[1];
  const about = {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    redis: version,
    cores: cpus().length,
  };
  const commit = run('git', ['rev-parse', '--short', 'HEAD']).trim();
  const played = results.map((result) => ({ ...result, commit }));
  const before = isPart ? readFileSync(SCORECARD, 'utf8') : null;
  writeFileSync(SCORECARD, scorecard(before === null ? played : merge(before, played), about));
  progress(`wrote ${SCORECARD}`);
}

// `npm run bench`: Wingman beside its peers, in one run. The last line on stdout is the verdict.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, npm, progress, root, ScriptError } from '../scripts/run.mjs';
import { ensureBuilt, ensureInstalled, ensureNode, ensureRedis } from '../scripts/setup.mjs';
import { cases } from './cases/index.mjs';
import { play } from './play.mjs';
import { aboutMachine } from './report/machine.mjs';
import { describe } from './report/table.mjs';
import { render, write } from './report/write.mjs';
import { findStores } from './stores/index.mjs';

const HELP = `npm run bench -- [--quick] [--only TEXT] [--rounds N] [--json] [--write]

Runs all contenders of each case in turn, A B A B, each in a fresh process on a fresh server, and compares medians and ratios
within a round. Needs nothing running: a redis-server of its own is started on a free port. Ends with exit code 1 when a
target is missed.

  --quick       fewer jobs, rounds and cases: under 5 minutes, where the full run takes over an hour
  --only TEXT   only cases with this in their name; several with commas between them
  --list        show the cases, and run none
  --rounds N    how often each contender is measured; when left out, what each case says
  --json        print one JSON object with all figures, and the verdict
  --write       write docs/benchmarks.md, its charts, and the README's section; cases that did not run stay as they were
  --render      write them again from the figures of the last --write, and run nothing

With a URL in WINGMAN_BENCH_POSTGRES, the peer on PostgreSQL uses that server, in a database of its own.
`;

// The servers and processes of a run end with it, however it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

try {
  const { values } = parse();
  if (values.help) process.stdout.write(HELP);
  else if (values.list) for (const { name, title } of cases) console.log(`${name.padEnd(24)} ${title}`);
  else if (values.render) await render();
  else await main(values);
} catch (error) {
  fail(error);
}

function parse() {
  const options = {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options });
  } catch (error) {
    throw new ScriptError(`${error.message}\n\n${HELP}`);
  }
}

async function main({ quick, only, rounds, json, write: isWritten }) {
  if (rounds !== undefined && !/^[1-9]\d?$/.test(rounds))
    throw new ScriptError(`--rounds: a number from 1 to 99, not '${rounds}'`);
  const named = cases.filter(({ name }) => only.split(',').some((text) => name.includes(text)));
  if (named.length === 0) throw new ScriptError(`no case has '${only}' in its name`);
  const isLeft = ({ fullOnly = false }) => quick && only === '' && fullOnly;
  const chosen = named.filter((one) => !isLeft(one));
  ensureNode();
  ensureInstalled();
  ensureBuilt();
  const stores = findStores(ensureRedis());
  npm(['ci', '--ignore-scripts', '--prefer-offline'], { cwd: join(root, 'bench') });
  const results = [];
  const from = performance.now();
  for (const one of chosen) {
    const result = await play(one, { isQuick: quick, rounds: rounds && Number(rounds), stores });
    results.push(result);
    progress(`${one.name} took ${result.seconds} s`);
    if (!json) console.log(describe(result));
  }
  const left = named.filter(isLeft).map(({ name }) => name);
  if (left.length > 0) progress(`left to the full run: ${left.join(', ')}`);
  progress(`it took ${Math.round((performance.now() - from) / 1000)} s`);
  const verdicts = results.flatMap((result) => result.verdicts.filter(({ isAsked }) => isAsked));
  const about = aboutMachine(stores);
  if (json) console.log(JSON.stringify({ about, results }));
  if (isWritten) await write(about, results);
  const missed = verdicts.filter(({ isMet }) => !isMet).length;
  console.log(`${verdicts.length - missed} met, ${missed} missed`);
  if (missed > 0) process.exitCode = 1;
}

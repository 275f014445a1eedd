// docs/benchmarks.md, whole.

import { metrics, shown } from './metrics.mjs';
import { nameOf } from './names.mjs';
import { describeVerdict, notesOf, rowsOf } from './table.mjs';

const themes = {
  processing: 'Processing',
  enqueueing: 'Enqueueing',
  latency: 'Latency',
  locks: 'Locks',
  growth: 'Growth',
  costs: 'What it costs',
  steps: 'Single steps on Redis',
  embedded: 'On an SQLite file',
};

/**
 * @param about the machine and versions
 * @param charts what `drawAll` gave; they are beside the document in `benchmarks/`
 * @param contenders what each says of itself
 */
export function documentOf({ about, results, charts, contenders }) {
  const verdicts = results.flatMap((result) => result.verdicts.filter(({ isAsked }) => isAsked));
  const missed = verdicts.filter(({ isMet }) => !isMet).length;
  const isQuick = results.some((result) => result.isQuick);
  const isMixed = results.some(({ measured }) => measured !== undefined && measured.commit !== about.commit);
  return `# Benchmarks

Wingman beside its peers, on one machine; all contenders of a case in one run. *Written by \`npm run bench -- --write\`; do not edit.*

${about.date}, commit ${about.commit}: ${about.cpu}, ${about.cores} cores, ${about.memory} GB; ${about.system}, Node ${about.node}, Redis ${about.redis}${about.postgres === undefined ? '' : `, PostgreSQL ${about.postgres}`}.
${Object.entries(about.versions)
  .map(([name, version]) => `${name} ${version}`)
  .join(', ')}.
**${verdicts.length - missed} of ${verdicts.length} targets met.**${isQuick ? ' The figures of cases marked *quick* are from a short run (`--quick`).' : ''}${isMixed ? ' Not all cases were run on that commit: each says when it was, and on which.' : ''}

## Run it

\`\`\`sh
npm run bench                            # all of it: over an hour
npm run bench -- --quick                 # fewer jobs, rounds and cases: under 5 minutes
npm run bench -- --only no-op,latency    # some cases; --list names them
npm run bench -- --write                 # and write this page, its charts and the README's section
\`\`\`

Nothing must be running and nothing installed before: the command installs what it needs into \`bench/\`, and starts servers of its own on
free ports. Other work on the machine makes all figures worse; ratios suffer less than rates. Exit code 1 says that a target was missed.

## How it is measured

- Contenders take turns, A B A B, each in a **fresh process** on a **fresh server** with nothing on disk. What is compared are ratios
  *within a round*, so what slows the machine down slows both. Figures are medians of the rounds, with the lowest and the highest.
- All contenders are measured by the **same code**, through five calls (\`bench/contenders\`): enqueue one, enqueue many, work. Jobs are
  the same, handlers are async functions that do nothing. The first third of the jobs of a measurement, or more, warms it up and does not count.
- **CPU time** is the whole process's, threads included, and Redis's own count; divided by the jobs.
- **Latency** is from the call that enqueues to the start of the handler, in one process. Of jobs that come alone, the contenders of a
  round run side by side, each on a server of its own, and take turns of 250 jobs: what the machine does changes by the second, and so
  falls on all of them alike.
- **Commands when idle** are those that clients send: lines of \`MONITOR\` without those of commands that scripts call, which are marked \`lua\`.
- A **single step** is timed by the server (\`INFO commandstats\` around each call). All kinds of steps are gone through several times, each as
  large as it is ever made, and each step counts with its shortest time: what else the machine did is no part of it. SLOWLOG's longest is shown beside it, with all interruptions.
- The **floor** is what the store can do with no guarantee at all; nothing that queues on it can be faster.

## Targets

| target | measured | asked | goal | |
| --- | --- | --- | --- | --- |
${results.flatMap((result) => result.verdicts.filter(({ isAsked }) => isAsked).map((verdict) => targetRow(result, verdict))).join('\n')}

${Object.keys(themes)
  .map((theme) =>
    sectionOf(
      theme,
      results.filter((result) => result.theme === theme),
      charts,
    ),
  )
  .filter(Boolean)
  .join('\n\n')}

## Each one's settings

Nobody is crippled: each contender runs as its documentation advises for the case.

${contenders.map(({ name, version, settings }) => `**${name}**${version === undefined ? '' : ` ${version}`}\n\n${settings.map((line) => `- ${line}`).join('\n')}`).join('\n\n')}
`;
}

function targetRow({ title }, verdict) {
  const { metric, of, to, atLeast, goal, goalTo, goalValue, median, min, max, isMet, isGoalMet } = verdict;
  const what = `${title}: ${nameOf(of)}${to === undefined ? '' : ` to ${nameOf(to)}`}, ${metrics[metric].title}`;
  const spread =
    median === undefined ? 'no figure' : `**${shown(median)}**${min === max ? '' : ` (${shown(min)} – ${shown(max)})`}`;
  const sign = atLeast === undefined ? '≤' : '≥';
  const beside = goalTo === to || goal === undefined ? '' : ` × ${nameOf(goalTo)} (${shown(goalValue)})`;
  const aim = goal === undefined ? '' : `${sign} ${goal}${beside}`;
  const judged = isMet ? `met${isGoalMet ? ', goal reached' : ''}` : '**missed**';
  return `| ${what} | ${spread} | ${sign} ${(verdict.atLeast ?? verdict.atMost).toLocaleString('en-US')} | ${aim} | ${judged} |`;
}

function sectionOf(theme, results, charts) {
  if (results.length === 0) return '';
  const drawn = charts.filter(({ names }) => results.some(({ name }) => names.includes(name)));
  const images = drawn.map(({ file, title }) => `![${title}](benchmarks/${file})`);
  return [`## ${themes[theme]}`, ...images, ...results.map(tableOf)].join('\n\n');
}

function tableOf(result) {
  const columns = ['', ...result.metrics.map((metric) => metrics[metric].unit), 'min – max', '× BullMQ', 'min – max'];
  const rows = rowsOf(result);
  const used = columns.map((_, at) => at).filter((at) => at === 0 || rows.some((row) => row[at] !== ''));
  const line = (cells) => `| ${used.map((at) => cells[at]).join(' | ')} |`;
  const rule = `| ${used.map((at) => (at === 0 ? '---' : '---:')).join(' | ')} |`;
  const remarks = [
    ...notesOf(result),
    ...result.failures.map(({ contender, round }) => `${nameOf(contender)} failed in round ${round}`),
    ...result.verdicts.filter(({ isAsked }) => !isAsked).map((verdict) => describeVerdict(verdict).slice(2)),
  ];
  const { rounds, isQuick, measured } = result;
  const how = [
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
    ...(isQuick ? ['*quick*'] : []),
    ...(measured === undefined ? [] : [`${measured.date}, commit ${measured.commit}`]),
  ].join(', ');
  return [
    `**${result.title}** (${how})`,
    [line(columns), rule, ...rows.map(line)].join('\n'),
    ...(remarks.length === 0 ? [] : [remarks.map((remark) => `- ${remark}`).join('\n')]),
  ].join('\n\n');
}

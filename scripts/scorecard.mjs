// docs/scorecard.md from the results of the bench of faults, and back: its last lines hold them as data.

const DATA = /<!-- results: (\[.*\]) -->/s;

/** The whole document. `about`: where and when it was played last; each row says of which commit it is. */
export function scorecard(results, { date, node, redis, cores }) {
  const sorted = [...results].sort((a, b) => orderOf(a).localeCompare(orderOf(b)));
  const failed = sorted.filter(({ violations }) => violations.length > 0);
  return `# Scorecard

What Wingman survives, as \`npm run faults -- --full\` last saw it: real worker processes of the built package, a real
\`redis-server\`, real signals, and a TCP proxy for what networks do. Every process writes down what it does; when all is quiet, a
checker reads what they wrote and proves that none of its rules was broken. *Written by the command; do not edit.*

${date}, commit ${[...new Set(sorted.map(({ commit }) => commit))].join(' and ')}, Node ${node}, Redis ${redis}, ${cores} cores. **${describeTotals(sorted)}; ${failed.length} of ${sorted.length} failed.**

${table(sorted)}

- **faults**: how often it was injected. **jobs**: acknowledged ones. **lost**: of these, how many never came to an end. Where the
  store itself may forget (a power failure with \`appendfsync everysec\`, a failover), only what it acknowledged right before may
  be lost, and the checker forgives nothing else. What was enqueued with \`durability\` is lost nowhere.
- **run again**: runs beyond each job's first, for whatever reason: a failure, a lost lease, a release.
- **recovery**: from the kill of a worker until a job that it ran starts elsewhere. Leases are 1.5 s for the volume; the scenarios
  with the default lease (15 s) say so.
- **seed**: \`npm run faults -- --full --seed SEED --only 'NAME'\` makes the same choices again. When processes run is not part of a seed.
  Where the rows are of several commits, the data below say which is of which.

## What was measured

${measures(sorted)}

## The rules

No acknowledged job is lost; none runs that is not in the books; everything ends after the last fault; each job ends once, and is
counted once; a lock key never has more owners than places, nor a job more than one, by what the store itself said of leases; no
run without a reason on record (a failure, or a loss), no result refused without a loss, no lease lost without a cause; first in,
first out per key; nothing early; attempts and crashes counted right. \`test/faults/planted-bugs.test.ts\` plants a bug for each of
them and more, and the checker finds every one.
${failed.length === 0 ? '' : `\n## What failed\n\n${failures(failed)}\n`}
<!-- results: ${JSON.stringify(sorted.map(brief))} -->
`;
}

/** The results in a scorecard, with newer ones in the place of their own. */
export function merge(document, results) {
  const known = DATA.exec(document);
  if (known === null) return results;
  const byName = new Map(JSON.parse(known[1]).map((result) => [orderOf(result), result]));
  for (const result of results) byName.set(orderOf(result), result);
  return [...byName.values()];
}

export function table(results) {
  const rows = results.map(({ scenario, backend, faults, jobs, lost, runAgain, recoveries, seed, violations }) => [
    scenario,
    backend,
    sum(Object.values(faults)),
    jobs,
    lost,
    runAgain,
    recoveries.length === 0 ? '–' : `${seconds(quantile(recoveries, 0.5))} / ${seconds(quantile(recoveries, 0.99))}`,
    String(seed),
    isPassed({ violations }) ? 'passed' : '**FAILED**',
  ]);
  const head = ['scenario', 'store', 'faults', 'jobs', 'lost', 'run again', 'recovery p50 / p99', 'seed', 'verdict'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |';
  return [line(head), rule, ...rows.map((cells) => line(cells.map(cell)))].join('\n');
}

/** In one line. */
export function describeTotals(results) {
  const kills = sum(results.map(({ faults }) => faults.kill ?? 0));
  const all = sum(results.flatMap(({ faults }) => Object.values(faults)));
  const jobs = sum(results.map((result) => result.jobs));
  const names = new Set(results.map(({ scenario }) => scenario)).size;
  // What a store may forget, and no more, is forgiven by the checker.
  const forgotten = sum(results.filter(isPassed).map(({ lost }) => lost));
  const lost = sum(results.map((result) => result.lost)) - forgotten;
  const beside =
    forgotten === 0 ? '' : ` (and ${number(forgotten)} that the server itself forgot, as its settings let it)`;
  const faults = `${number(all)} faults (${number(kills)} times kill -9 of a worker)`;
  return `${names} scenarios, ${faults}, ${number(jobs)} jobs, ${number(lost)} lost${beside}`;
}

function measures(results) {
  const lines = results.flatMap(({ scenario, backend, notes }) =>
    [...worst(notes)].map(([what, measure]) => `- ${scenario}, ${backend}: ${what}${describeMeasure(measure)}`),
  );
  return lines.join('\n');
}

function describeMeasure({ count, text }) {
  if (text === '') return count === 1 ? '' : `, ${count} times`;
  return count === 1 ? ` ${text}` : ` ${text}, the worst of ${count}`;
}

/** Of notes that measure the same (\`what: 1.2 s\`), the worst. */
function worst(notes) {
  const byWhat = new Map();
  for (const note of notes) {
    const [, what = note, text = ''] = /^(.*): ([\d.]+ s)$/.exec(note) ?? [];
    const known = byWhat.get(what) ?? { count: 0, text };
    const isWorse = Number.parseFloat(text) > Number.parseFloat(known.text);
    byWhat.set(what, { count: known.count + 1, text: isWorse ? text : known.text });
  }
  return byWhat;
}

function isPassed({ violations }) {
  return violations.length === 0;
}

function failures(results) {
  return results
    .flatMap(({ scenario, backend, violations }) =>
      violations.slice(0, 10).map(({ rule, what }) => `- ${scenario}, ${backend}: ${rule}: ${what.slice(0, 300)}`),
    )
    .join('\n');
}

/** What a later run needs to write the row again. */
function brief({ recoveries, ...result }) {
  const kept = [0.5, 0.99].map((part) => quantile(recoveries, part));
  return { ...result, recoveries: recoveries.length === 0 ? [] : kept };
}

function orderOf({ scenario, backend }) {
  return `${backend} ${scenario}`;
}

/** The least of the sorted numbers that so great a part of them does not exceed; 0 where there are none. */
export function quantile(sorted, part) {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

function sum(numbers) {
  return numbers.reduce((total, one) => total + one, 0);
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function number(value) {
  return value.toLocaleString('en');
}

function cell(value) {
  return typeof value === 'number' ? number(value) : value;
}

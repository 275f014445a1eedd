// The README's section: two charts, and three lines of figures.

import { shown } from './metrics.mjs';
import { ratios, spread } from './statistics.mjs';

const [BEGIN, END] = ['<!-- how fast: made by npm run bench -- --write -->', '<!-- how fast: end -->'];

/** The README with its section made anew. @throws Error where it has none */
export function withSection(readme, results) {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`README.md has no section between '${BEGIN}' and '${END}'`);
  return `${readme.slice(0, from)}${BEGIN}\n${sectionOf(results)}\n${readme.slice(to)}`;
}

function sectionOf(results) {
  const of = (name, contender, metric) => {
    const result = results.find((one) => one.name === name);
    const values = (result?.figures[contender] ?? [])
      .map((round) => round?.[metric ?? result.metrics[0]])
      .filter((value) => value !== undefined);
    return values.length === 0 ? '–' : shown(spread(values).median);
  };
  const times = (name, metric) => {
    const result = results.find((one) => one.name === name);
    const values = ratios(result?.figures.wingman ?? [], result?.figures.bullmq ?? [], metric ?? result?.metrics[0]);
    return values.length === 0 ? '–' : shown(spread(values).median);
  };
  return `
![No-op jobs per second, one process on Redis](docs/benchmarks/no-op.svg)

![Jobs enqueued per second by one process](docs/benchmarks/enqueue.svg)

- **${of('no-op-100', 'wingman')} jobs a second** in one process with concurrency 100, ${times('no-op-100')} × BullMQ; one at a time ${of('no-op-1', 'wingman')}, ${times('no-op-1')} × BullMQ.
- **${of('enqueue-bulk', 'wingman')} enqueued a second** in bulk, ${times('enqueue-bulk')} × BullMQ; one by one ${of('enqueue-concurrent', 'wingman')}, ${times('enqueue-concurrent')} × BullMQ.
- **${of('latency-alone', 'wingman', 'p50')} ms from enqueue to start** (p50; p99 ${of('latency-alone', 'wingman', 'p99')} ms), where BullMQ takes ${of('latency-alone', 'bullmq', 'p50')} (${of('latency-alone', 'bullmq', 'p99')}) and a bare BLPOP ${of('latency-alone', 'blpop', 'p50')} (${of('latency-alone', 'blpop', 'p99')}).
`;
}

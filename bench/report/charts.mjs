// Which charts are drawn, and of which figures.

import { svgOf } from './chart.mjs';
import { shown } from './metrics.mjs';
import { nameOf } from './names.mjs';
import { ratios, spread } from './statistics.mjs';

/** A group is a case (and a metric, where it is not the case's first); `contenders`, where not all of it are shown. */
const charts = [
  {
    file: 'no-op.svg',
    title: 'No-op jobs per second, one process on Redis',
    subtitle: 'More is better. Median of the rounds; the line shows the lowest and the highest.',
    groups: [1, 10, 100, 500].map((slots) => ({
      label: `concurrency ${slots}`,
      name: `no-op-${slots}`,
      contenders: ['wingman', 'bullmq', 'bee-queue', 'groupmq', 'graphile-worker'],
    })),
  },
  {
    file: 'floor.svg',
    title: 'The distance to the floor: no-op jobs per second, concurrency 100',
    subtitle: 'The floor takes a hundred jobs with each LPOP and guarantees nothing. More is better.',
    groups: [{ label: '', name: 'no-op-100', contenders: ['floor', 'wingman', 'bullmq', 'bee-queue'] }],
  },
  {
    file: 'enqueue.svg',
    title: 'Jobs enqueued per second by one process',
    subtitle: 'More is better.',
    groups: [
      { label: 'in bulk', name: 'enqueue-bulk', contenders: ['wingman', 'bullmq', 'bee-queue', 'graphile-worker'] },
      { label: 'one by one, 500 calls at a time', name: 'enqueue-concurrent' },
      { label: 'one by one, each awaited', name: 'enqueue-awaited' },
    ],
  },
  {
    file: 'latency.svg',
    title: 'From enqueue to start in milliseconds, one job alone',
    subtitle: 'Less is better. The floor is a bare BLPOP.',
    groups: ['p50', 'p99'].map((metric) => ({ label: metric, name: 'latency-alone', metric })),
  },
  {
    file: 'cpu.svg',
    title: 'CPU time per no-op job in microseconds, concurrency 100',
    subtitle: 'Less is better.',
    groups: [
      { label: 'in the worker’s process', metric: 'cpu' },
      { label: 'in Redis', metric: 'redis' },
    ].map((group) => ({ ...group, name: 'no-op-100', contenders: ['wingman', 'bullmq', 'bee-queue', 'groupmq'] })),
  },
  {
    file: 'locks.svg',
    title: 'Jobs per second, one at a time for each key, 50 slots',
    subtitle: 'More is better.',
    groups: [1_000, 10_000].map((keys) => ({
      label: `${keys.toLocaleString('en-US')} keys`,
      name: `lock-keys-${keys}`,
      contenders: ['wingman', 'groupmq'],
    })),
  },
  {
    file: 'memory.svg',
    title: 'Bytes of Redis per job of 60 bytes',
    subtitle: 'Less is better. The floor is a list of payloads.',
    groups: [
      { label: 'waiting', name: 'memory-waiting' },
      { label: 'delayed', name: 'memory-delayed' },
      { label: 'waiting for a lock key', name: 'memory-held' },
    ],
  },
  {
    file: 'growth.svg',
    title: 'No-op jobs per second beside few and many others, concurrency 100',
    subtitle: 'What matters is that the bars of a contender are alike.',
    groups: [
      { label: 'others wait', name: 'backlog-waiting' },
      { label: 'others are delayed', name: 'backlog-delayed' },
    ],
  },
  {
    file: 'sqlite.svg',
    title: 'No-op jobs per second on an SQLite file',
    subtitle: 'More is better. The floor is a bare loop that makes the same writes in equal batches.',
    groups: [
      { label: 'one process', name: 'sqlite-no-op' },
      { label: 'four processes', name: 'sqlite-no-op-4' },
    ],
  },
];

/** @returns {{ file: string, title: string, names: string[], svg: string }[]} those for which there are figures, and of which cases */
export function drawAll(results) {
  return charts.flatMap(({ file, title, subtitle, groups }) => {
    const drawn = groups.map((group) => ({ label: group.label, bars: barsOf(group, results) }));
    const some = drawn.filter(({ bars }) => bars.length > 0);
    if (some.length === 0) return [];
    return [{ file, title, names: groups.map(({ name }) => name), svg: svgOf({ title, subtitle, groups: some }) }];
  });
}

function barsOf({ name, metric: chosen, contenders }, results) {
  const result = results.find((one) => one.name === name);
  if (result === undefined) return [];
  const { figures } = result;
  const metric = chosen ?? result.metrics[0];
  return (contenders ?? Object.keys(figures)).flatMap((contender) => {
    const values = (figures[contender] ?? []).map((round) => round?.[metric]).filter((value) => value !== undefined);
    if (values.length === 0) return [];
    const { median, min, max } = spread(values);
    const beside = contender === 'bullmq' ? [] : ratios(figures[contender], figures.bullmq ?? [], metric);
    const times = beside.length === 0 ? '' : ` (${shown(spread(beside).median)} × BullMQ)`;
    return [
      { name: nameOf(contender), value: median, min, max, text: `${shown(median)}${times}`, kind: kindOf(contender) },
    ];
  });
}

function kindOf(contender) {
  if (contender.startsWith('wingman')) return 'own';
  return ['floor', 'blpop', 'bare-sqlite'].includes(contender) ? 'floor' : 'peer';
}

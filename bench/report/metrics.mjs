// What figures are called, and in what they are counted.

export const metrics = {
  rate: { title: 'jobs per second', unit: 'jobs/s', isMore: true },
  cpu: { title: 'CPU time of the process per job', unit: 'µs CPU', isMore: false },
  redis: { title: 'CPU time of Redis per job', unit: 'µs Redis', isMore: false },
  p50: { title: 'p50', unit: 'ms p50', isMore: false },
  p99: { title: 'p99', unit: 'ms p99', isMore: false },
  p999: { title: 'p99.9', unit: 'ms p99.9', isMore: false },
  sent: { title: 'jobs per second sent', unit: 'jobs/s sent', isMore: true },
  enqueued: { title: 'jobs per second enqueued in bulk', unit: 'enqueued/s', isMore: true },
  bytes: { title: 'bytes per job', unit: 'bytes/job', isMore: false },
  commands: { title: 'commands per second', unit: 'commands/s', isMore: false },
  idleCpu: { title: 'CPU time per second', unit: 'ms CPU/s', isMore: false },
  growth: { title: 'ratio of heaps', unit: '× a tenth', isMore: false },
  heap: { title: 'heap', unit: 'MB of heap', isMore: false },
  exchange: { title: 'time of Redis per exchange', unit: 'µs', isMore: false },
  slowlog: { title: 'longest in SLOWLOG, interruptions of the machine included', unit: 'ms in SLOWLOG', isMore: false },
  step: { title: 'longest step', unit: 'ms', isMore: false },
};

/** A number as people read it: three digits that count, and no more. */
export function shown(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(value >= 0.1 || value === 0 ? 2 : 3);
}

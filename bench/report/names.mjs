// Contenders as people call them. What a case adds to a name ("wingman, no keys") stays as it is.

const names = {
  bullmq: 'BullMQ',
  blpop: 'bare BLPOP',
  floor: 'floor',
  wingman: 'Wingman',
  'graphile-worker': 'Graphile Worker',
  'bare-sqlite': 'bare SQLite loop',
};

export function nameOf(contender) {
  const [first, ...rest] = contender.split(', ');
  return [names[first] ?? first, ...rest].join(', ');
}

// What contenders keep their jobs in: a fresh one for each measurement.

import { startServer } from './redis.mjs';

/** @param programs the paths of the servers @returns {Promise<{ url: string, stop(): Promise<void> }>} */
export function startStore(kind, programs) {
  return starts[kind](programs);
}

const starts = {
  redis: ({ redis }) => startServer(redis),
};

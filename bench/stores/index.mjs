// What contenders keep their jobs in: a fresh one for each measurement.

import { findPostgres, startPostgres } from './postgres.mjs';
import { startServer } from './redis.mjs';
import { startFile } from './sqlite.mjs';

/** @param redis the path of a redis-server */
export function findStores(redis) {
  return { redis: { program: redis }, sqlite: {}, postgres: findPostgres() };
}

/** @param stores what `findStores` gave @returns {Promise<{ url: string, stop(): Promise<void> }>} */
export function startStore(kind, stores) {
  return starts[kind](stores[kind]);
}

const starts = {
  redis: ({ program }) => startServer(program),
  sqlite: startFile,
  postgres: startPostgres,
};

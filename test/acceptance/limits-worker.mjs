// A worker process of limits.test.ts: node limits-worker.mjs URL CONCURRENCY. Counts on the server itself how many jobs of each
// key run, and when those with a rate start: what the server sees is in one order, whoever's clock is wrong.
import { Redis } from 'ioredis';
import { Manager } from '../../dist/index.js';
import { fetchPage, paced } from './limits-jobs.mjs';

const [backend, concurrency] = process.argv.slice(2);
const redis = new Redis(backend);

/** Between the two, the job has its locks: so never more of a key than the most that ever ran at once. */
const ENTER = `
  for _, key in ipairs(KEYS) do
    local running = redis.call('HINCRBY', 'running', key, 1)
    if running > tonumber(redis.call('HGET', 'most', key) or 0) then redis.call('HSET', 'most', key, running) end
  end
  return redis.call('INCR', 'begun')`;
const LEAVE = "for _, key in ipairs(KEYS) do redis.call('HINCRBY', 'running', key, -1) end";
const START = "local time = redis.call('TIME') redis.call('RPUSH', KEYS[1], time[1] * 1000000 + time[2])";

const manager = new Manager({
  backend,
  queues: ['pages', 'paced'],
  concurrency: Number(concurrency),
  handlers: [
    fetchPage.handle(async ({ tenant, host }) => {
      const keys = [`tenant ${tenant}`, `host ${host}`];
      await redis.eval(ENTER, 2, ...keys);
      await redis.eval(LEAVE, 2, ...keys);
    }),
    paced.handle(({ key }) => redis.eval(START, 1, `starts ${key}`)),
  ],
  logger: {
    debug() {},
    info() {},
    warn: (fields, message) => console.error(message, fields),
    error: (fields, message) => console.error(message, fields),
  },
});
manager.on('started', () => console.log('started'));
await manager.start();
redis.disconnect();

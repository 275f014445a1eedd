import { beforeAll } from 'vitest';
import { conformanceSuite } from '../../src/contract/conformance/index.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { redis } from './subjects.ts';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
  return () => server.stop();
});

conformanceSuite(redis(() => server));

import { beforeAll } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { modelSuite } from '../../src/contract/conformance/model/index.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { redis } from './subjects.ts';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
  return () => server.stop();
});

modelSuite(
  redis(() => server),
  open,
);

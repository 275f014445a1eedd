import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { init, open } from '../../../src/backends/redis/index.ts';
import { Caller } from '../../../src/contract/call.ts';
import { freePort, type RedisServer, startRedis } from '../../harness/redis-server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

async function refusal(opened: Promise<unknown>): Promise<Record<string, unknown>> {
  const error: unknown = await opened.then(
    () => expect.fail('it opened'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) expect.fail('no error');
  return { message: error.message, code: Reflect.get(error, 'code'), cause: error.cause };
}

describe('a server that cannot be reached', () => {
  test('is named with host and port and the cause, and the password is not shown', async () => {
    const port = await freePort();
    const { message, code, cause } = await refusal(open(`redis://user:p%40ss%2Fword@127.0.0.1:${port}`));
    expect(code).toBe('WINGMAN_BACKEND_UNREACHABLE');
    expect(message).toContain(`127.0.0.1:${port}`);
    expect(message).toContain('ECONNREFUSED');
    expect(message).not.toContain('word');
    expect(cause).toBeInstanceOf(Error);
  });

  test('leaves no handle open', async () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate').length;
    await refusal(init({ host: '127.0.0.1', port: await freePort() }));
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate').length)
      .toBeLessThanOrEqual(before);
  });

  test('that accepts and never answers is given up', async () => {
    const silent = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    if (typeof address !== 'object' || address === null) expect.fail('no address');
    const { code, message } = await refusal(open({ host: '127.0.0.1', port: address.port, connectTimeout: 300 }));
    expect(code).toBe('WINGMAN_BACKEND_UNREACHABLE');
    expect(message).toContain(String(address.port));
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe('where it is', () => {
  test.each(['http://127.0.0.1', 'redis:', 'redis//x', 'redis://localhost/jobs', 'redis://user:p@ss/word@host'])(
    'is no URL: %s',
    async (url) => {
      const { code, message } = await refusal(open(url));
      expect(code).toBe('WINGMAN_BACKEND_URL');
      expect(message).not.toContain('word');
    },
  );

  test('a refused URL is shown without its password', async () => {
    const { message } = await refusal(open('redis://user:secret@host:notaport'));
    expect(message).toContain('host:notaport');
    expect(message).not.toContain('secret');
  });

  test("the client's own options", async () => {
    const backend = await open({ host: '127.0.0.1', port: server.port });
    expect(backend.location).toBe(`redis://127.0.0.1:${server.port}`);
    await backend.close();
  });

  test("a user's client, which is never closed and whose key prefix does no harm", async () => {
    const client = new Redis(server.port, '127.0.0.1', { keyPrefix: 'theirs:' });
    const stages = await init({ client, prefix: 'own-client' });
    await stages.pushJob({ type: 'greet', payload: 1 });
    await stages.close();
    expect(await client.ping()).toBe('PONG');
    expect(await server.cli('EXISTS', 'own-client:queue:default')).toBe('1');
    client.disconnect();
  });

  test('keyPrefix and a prefix with spaces are refused', async () => {
    // @ts-expect-error keyPrefix is no option of ours
    expect(await refusal(open({ keyPrefix: 'x' }))).toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
    expect(await refusal(open({ prefix: 'a b' }))).toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
  });
});

describe('a server that cannot keep what is promised', () => {
  test('one that evicts is refused, unless told otherwise in so many words', async () => {
    const evicting = await startRedis('--maxmemory-policy', 'allkeys-lru', '--maxmemory', '100mb');
    const { code, message } = await refusal(open(evicting.url));
    expect(code).toBe('WINGMAN_BACKEND_REFUSED');
    expect(message).toContain('allkeys-lru');
    expect(message).toContain('noeviction');
    const backend = await open({ url: evicting.url, allowEviction: true });
    await backend.close();
    await evicting.stop();
  });

  test('one whose password is wrong says so without the password', async () => {
    const locked = await startRedis('--requirepass', 'rightpass');
    const { code, message } = await refusal(open(`redis://:wrongpass@127.0.0.1:${locked.port}`));
    expect(code).toBe('WINGMAN_BACKEND_REFUSED');
    expect(message).not.toContain('wrongpass');
    const backend = await open(`redis://:rightpass@127.0.0.1:${locked.port}`);
    await backend.close();
    await locked.stop();
  });

  test('one whose memory is full refuses to enqueue, and settles', async () => {
    const small = await startRedis('--maxmemory', '3mb');
    const backend = await open(small.url);
    const caller = new Caller('full');
    const payload = JSON.stringify('x'.repeat(100_000));
    const fill = async (): Promise<void> => {
      for (let id = 0; ; id += 1) {
        const job = { id: `job-${id}`, type: 't', queue: 'q', payload, locks: [{ key: 'k', concurrency: 5 }] };
        await caller.call((call) => backend.enqueue(call, [job]));
      }
    };
    const error = await refusal(fill());
    expect(error.code).toBe('WINGMAN_BACKEND_FULL');
    expect(error.message).toContain('OOM');
    expect(error.message).toContain('raise maxmemory');

    await backend.register('w', 60_000);
    const claim = { queues: ['q'], count: 5, locks: 'take' } as const;
    const first = await caller.call((call) => backend.exchange(call, { worker: 'w', settlements: [], claim }));
    expect(first.claimed.length).toBeGreaterThan(0);
    const failure = { name: 'Error', message: 'no' };
    const outcomes = [{ kind: 'completed' }, { kind: 'retry', delay: 0, failure }, { kind: 'released' }] as const;
    const settlements = first.claimed.map((job, at) => ({ job, outcome: outcomes[at % 3] ?? outcomes[0] }));
    const { settled } = await caller.call((call) => backend.exchange(call, { worker: 'w', settlements }));
    expect(new Set(settled)).toEqual(new Set(['settled']));
    expect(await backend.renew('w', 60_000)).toBe(true);
    await backend.close();
    await small.stop();
  });
});

describe('a connection that is lost', () => {
  test('is mended, and a blocked pop goes on', async () => {
    const stages = await init({ url: server.url, prefix: 'cut', blockingTimeout: 20_000 });
    const popped = stages.popJob('q');
    await expect.poll(() => server.cli('CLIENT', 'LIST')).toContain('cmd=blpop');
    await server.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    await stages.pushJob({ type: 'after', queue: 'q', payload: null });
    expect((await popped).type).toBe('after');
    await stages.close();
  });

  test('scripts that the server forgot are sent again', async () => {
    const stages = await init({ url: server.url, prefix: 'flush' });
    await stages.pushJob({ type: 'one', payload: 1 });
    await server.cli('SCRIPT', 'FLUSH');
    const pushes = await Promise.all([1, 2, 3].map((payload) => stages.pushJob({ type: 'more', payload })));
    expect(new Set(pushes).size).toBe(3);
    expect(await stages.size('default')).toBe(4);
    await stages.close();
  });
});

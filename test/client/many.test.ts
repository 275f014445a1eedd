// Priorities, deadlines and tags as an application sees them, and jobs that are cancelled together.

import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import { Caller } from '../../src/contract/call.ts';
import { defineJob } from '../../src/core/job.ts';
import { newName } from '../../src/runtime/identity.ts';
import { happened, Latch, openStore, run, stores, storeUrl } from '../manager/stage.ts';

type StoreName = (typeof stores)[number];

const mail = defineJob<{ to: string }>({
  type: 'mail',
  queue: 'mails',
  lock: ({ to }) => ({ key: `to:${to}`, concurrency: 1 }),
  tags: ({ to }) => [`to:${to}`],
});
const report = defineJob({ type: 'report', priority: -5, deadline: '1h' });

async function open(name: StoreName, options: Parameters<typeof connect>[1] = {}) {
  const url = await storeUrl(name);
  const backend = await openStore(url);
  const wingman = await connect(name === 'memory' ? { backend } : url, options);
  onTestFinished(() => wingman.close());
  return { url, backend, wingman };
}

test.each(stores)('on %s a job shows its priority, its deadline and its tags', async (name) => {
  const { wingman } = await open(name);
  const plain = await wingman.enqueue(mail, { to: 'ada' });
  expect(await wingman.get(plain.id)).toMatchObject({ priority: 0, tags: ['to:ada'] });
  expect(await wingman.get(plain.id)).not.toHaveProperty('deadline');
  const low = await wingman.enqueue(report);
  const job = await wingman.get(low.id);
  expect(job).toMatchObject({ priority: -5, tags: [], deadline: new Date(Number(job?.enqueuedAt) + 3_600_000) });
  const deadline = new Date('2100-01-01T00:00:00Z');
  const high = await wingman.enqueue(report, undefined, { priority: 1000, deadline, tags: ['now'] });
  expect(await wingman.list({ state: 'waiting', queue: 'default' })).toMatchObject([
    { id: high.id, priority: 1000, deadline, tags: ['now'] },
    { id: low.id },
  ]);
  const many = await wingman.enqueueMany(mail, [{ to: 'bob' }, { to: 'eve' }], { priority: 7, tags: ['batch'] });
  for (const [at, { id }] of many.entries()) {
    expect(await wingman.get(id)).toMatchObject({ priority: 7, tags: [['to:bob', 'to:eve'][at], 'batch'] });
  }
});

test('a priority out of range is refused with its value, and nothing is enqueued', async () => {
  const { wingman } = await open('memory');
  const refused = { code: 'WINGMAN_OPTION_INVALID', message: expect.stringContaining('received 1001') };
  await expect(wingman.enqueue(report, undefined, { priority: 1001 })).rejects.toMatchObject(refused);
  await expect(wingman.enqueueMany(mail, [{ to: 'a' }], { priority: 1001 })).rejects.toMatchObject(refused);
  expect((await wingman.stats()).queues).toEqual([]);
});

test.each(stores)('on %s jobs run in the order of their priority', async (name) => {
  const { backend, wingman } = await open(name);
  const order: number[] = [];
  const type = defineJob<number>({ type: 't', priority: (input) => input });
  for (const input of [0, -1, 3, 1000, 3.0, -1000]) await wingman.enqueue(type, input);
  const { manager } = await run({ backend, handlers: [type.handle((input) => order.push(input))], concurrency: 1 });
  await happened(manager, 'completed', 6);
  expect(order).toEqual([1000, 3, 3, 0, -1, -1000]);
});

test.each(stores)('on %s jobs are cancelled by type, queue, lock key or tag, and all others stay', async (name) => {
  const { wingman } = await open(name);
  const names = ['ada', 'bob', 'eve'];
  await wingman.enqueueMany(
    mail,
    names.map((to) => ({ to })),
  );
  await wingman.enqueueMany(
    mail,
    names.map((to) => ({ to })),
    { tags: ['import-42'], delay: '1h' },
  );
  await wingman.enqueue(report, undefined, { tags: ['import-42'] });
  expect(await wingman.cancelMany({ type: 'none' })).toEqual({ cancelled: 0, cancelling: 0 });
  expect(await wingman.cancelMany({ lock: 'to:ada' })).toEqual({ cancelled: 2, cancelling: 0 });
  expect(await wingman.cancelMany({ tag: 'to:bob', type: 'report' })).toEqual({ cancelled: 0, cancelling: 0 });
  expect(await wingman.cancelMany({ tag: 'to:bob' })).toEqual({ cancelled: 2, cancelling: 0 });
  expect(await wingman.cancelMany({ tag: 'import-42', queue: 'mails' })).toEqual({ cancelled: 1, cancelling: 0 });
  expect((await wingman.stats()).queues.filter(({ waiting }) => waiting > 0)).toEqual([
    { queue: 'default', waiting: 1, held: 0 },
    { queue: 'mails', waiting: 1, held: 0 },
  ]);
  expect((await wingman.list({ state: 'waiting', queue: 'mails' }))[0]?.input).toEqual({ to: 'eve' });
});

test.each(stores)('on %s those that run are told to stop, and those that have ended are left alone', async (name) => {
  const { backend, wingman } = await open(name);
  const [started, end] = [new Latch(), new Latch()];
  onTestFinished(() => end.open());
  const type = defineJob<string>({
    type: 't',
    keep: 10,
    retry: { attempts: 1 },
    lock: () => ({ key: 'k', concurrency: 1 }),
  });
  const handler = type.handle(async (input, { signal }) => {
    if (input === 'fails') throw new Error('no luck');
    if (input === 'ends') return;
    started.open();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
  });
  const ids = [];
  for (const input of ['fails', 'ends', 'runs', 'held', 'held']) ids.push((await wingman.enqueue(type, input)).id);
  const { manager } = await run({ backend, handlers: [handler], concurrency: 2 });
  await Promise.all([happened(manager, 'failed'), happened(manager, 'completed'), started.opened]);
  expect(await wingman.cancelMany({ type: 't' })).toEqual({ cancelled: 2, cancelling: 1 });
  await happened(manager, 'cancelled');
  const states = await Promise.all(ids.map(async (id) => (await wingman.get(id))?.state));
  expect(states).toEqual(['failed', 'completed', undefined, undefined, undefined]);
  expect(await wingman.cancelMany({ type: 't' })).toEqual({ cancelled: 0, cancelling: 0 });
});

test.each(stores)('on %s thousands are cancelled, while as many are enqueued', async (name) => {
  const { backend, wingman } = await open(name);
  const enqueue = (from: number, count: number, tag: string) =>
    wingman.enqueueMany(
      report,
      Array.from({ length: count }, () => undefined),
      { tags: [tag], priority: from % 3 },
    );
  await enqueue(0, 1_500, 'old');
  await enqueue(1, 1_500, 'old');
  await enqueue(2, 50, 'other');
  const [{ cancelled }] = await Promise.all([wingman.cancelMany({ tag: 'old' }), enqueue(1, 2_000, 'other')]);
  expect(cancelled).toBe(3_000);
  expect(await wingman.cancelMany({ tag: 'old' })).toEqual({ cancelled: 0, cancelling: 0 });
  expect(await wingman.size('default')).toBe(2_050);
  // What was cancelled is in nobody's way.
  const worker = newName();
  await backend.register(worker, 60_000);
  const claim = { queues: ['default'], count: 3_000, locks: 'take' } as const;
  const caller = new Caller(newName());
  let claimed = 0;
  for (let more = true; more; ) {
    const reply = await caller.call((call) => backend.exchange(call, { worker, settlements: [], claim }));
    for (const { extras } of reply.claimed) expect(extras?.tags).toEqual(['other']);
    claimed += reply.claimed.length;
    more = reply.more;
  }
  expect(claimed).toBe(2_050);
});

test('on redis other keys and other prefixes are left alone, whatever characters a prefix has', async () => {
  const url = await storeUrl('redis');
  const prefixes = ['a*', 'ab', 'a?', '[ab]', 'a\\', '{a}'];
  const clients = await Promise.all(prefixes.map((prefix) => connect(url, { prefix } as object)));
  onTestFinished(async () => {
    for (const client of clients) await client.close();
  });
  for (const client of clients) await client.enqueueMany(mail, [{ to: 'ada' }, { to: 'bob' }]);
  for (const [at, client] of clients.entries()) {
    expect(await client.cancelMany({ type: 'mail' })).toEqual({ cancelled: 2, cancelling: 0 });
    const left = await Promise.all(clients.map((other) => other.size('mails')));
    expect(left).toEqual(prefixes.map((_, index) => (index <= at ? 0 : 2)));
  }
});

test.each([{}, undefined, { state: 'waiting' }, { type: '' }])(
  '%j cancels nothing: a filter must say something',
  async (filter) => {
    const { wingman } = await open('memory');
    await wingman.enqueue(report);
    await expect(wingman.cancelMany(filter as object)).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
    expect(await wingman.size('default')).toBe(1);
  },
);

test('a job that would be due only when it must have ended is refused', async () => {
  const { wingman } = await open('memory');
  const soon = new Date(Date.now() + 60_000);
  for (const options of [
    { delay: '2h', deadline: '1h' },
    { delay: '1h', deadline: '1h' },
    { runAt: soon, deadline: soon },
  ]) {
    await expect(wingman.enqueue(mail, { to: 'ada' }, options)).rejects.toThrow("option 'deadline' must be later than");
  }
  // By the deadline of its type, too.
  await expect(wingman.enqueueMany(report, [undefined], { delay: '1h' })).rejects.toMatchObject({
    code: 'WINGMAN_OPTION_INVALID',
  });
  expect((await wingman.stats()).scheduled).toBe(0);
  await wingman.enqueue(report, undefined, { delay: '59m' });
  await wingman.enqueue(report, undefined, { runAt: soon });
  expect((await wingman.stats()).scheduled).toBe(2);
});

// How a manager waits for work: left with the store while nothing runs, and by itself beside what runs, which may block the event loop.

import { expect, test } from 'vitest';
import type { Backend, ExchangeRequest } from '../../src/contract/backend.ts';
import { defineJob } from '../../src/core/job.ts';
import { Listener } from '../../src/manager/listener.ts';
import { changed } from '../harness/planting.ts';
import { enqueue, happened, Latch, Log, openStore, run, stores, storeUrl } from './stage.ts';

test.each(stores)('on %s a claim is left with the store while nothing runs, and only then', async (name) => {
  const store = await openStore(await storeUrl(name));
  const calls: string[] = [];
  let told = new Latch();
  const note = (call: string): void => {
    calls.push(call);
    told.open();
  };
  const next = async (): Promise<string> => {
    while (calls.length === 0) {
      told = new Latch();
      await told.opened;
    }
    return calls.shift() ?? '';
  };
  const exchangeWhenWoken: Backend['exchangeWhenWoken'] = (call, request, options) => {
    note(`claim ${request.claim?.count} when woken`);
    return store.exchangeWhenWoken(call, request, options);
  };
  const wait: Backend['wait'] = (queues, options) => {
    note('wait');
    return store.wait(queues, options);
  };
  const type = defineJob<number>({ type: 't' });
  const [one, two] = [new Latch(), new Latch()];
  const handler = type.handle((n) => (n === 1 ? one.opened : two.opened));
  const backend = changed(store, { exchangeWhenWoken, wait });
  const { manager } = await run({ backend, handlers: [handler], concurrency: 3 });

  expect(await next()).toBe('claim 3 when woken');
  await enqueue(store, type.job(1));
  expect(await next()).toBe('wait');
  // Claimed all the same, beside the one that runs.
  await enqueue(store, type.job(2));
  await happened(manager, 'claimed', 2);
  expect(await next()).toBe('wait');
  two.open();
  await happened(manager, 'completed');
  one.open();
  await happened(manager, 'completed', 2);
  const after: string[] = [];
  while (after.at(-1) !== 'claim 3 when woken') after.push(await next());
  expect(after.filter((call) => call !== 'wait')).toEqual(['claim 3 when woken']);
});

test.each([
  ['that ends at once', () => undefined],
  ['that ends later', () => new Promise<void>((resolve) => setImmediate(resolve))],
])('the next claim does not wait until the store has answered what a job %s has left to settle', async (_, handle) => {
  const store = await openStore(await storeUrl('redis'));
  const isAnswered = new Latch();
  const asked: ExchangeRequest[] = [];
  let isLate = false;
  const exchange: Backend['exchange'] = async (call, request) => {
    const reply = await store.exchange(call, request);
    asked.push(request);
    if (isLate) await isAnswered.opened;
    return reply;
  };
  const isLeft = new Latch();
  const exchangeWhenWoken: Backend['exchangeWhenWoken'] = (call, request, options) => {
    isLeft.open();
    return store.exchangeWhenWoken(call, request, options);
  };
  const type = defineJob<number>({ type: 't' });
  const backend = changed(store, { exchange, exchangeWhenWoken });
  const { manager } = await run({ backend, handlers: [type.handle(handle)], concurrency: 3 });
  await isLeft.opened;
  // Now that a look has found nothing.
  expect(asked.splice(0)).toMatchObject([{ settlements: [], claim: { count: 3 } }]);
  isLate = true;
  for (const n of [1, 2]) {
    await enqueue(store, type.job(n));
    await happened(manager, 'claimed', n);
  }
  isAnswered.open();
  await happened(manager, 'completed', 2);
  const [first] = asked;
  expect(first).toMatchObject({ settlements: [{ outcome: { kind: 'completed' } }], awaited: ['default'] });
  expect(first?.claim).toBeUndefined();
});

test('to make one claim now is not to make the next', async () => {
  const store = await openStore(await storeUrl('memory'));
  await store.register('w', 60_000);
  const waits: (AbortSignal | undefined)[] = [];
  const exchangeWhenWoken: Backend['exchangeWhenWoken'] = (call, request, options) => {
    waits.push(options.signal);
    return store.exchangeWhenWoken(call, request, options);
  };
  let answered = new Latch();
  const listener = new Listener(
    {
      backend: changed(store, { exchangeWhenWoken }),
      rideOut: (_, error) => Promise.reject(error),
      answered: () => answered.open(),
      failed: (error) => expect.fail(String(error)),
    },
    new Log(),
  );
  const request = { worker: 'w', settlements: [], claim: { queues: ['q'], count: 1, locks: 'take' } } as const;
  for (const round of [1, 2, 3]) {
    answered = new Latch();
    listener.listen(request, true);
    await expect.poll(() => waits.length).toBe(round);
    expect(waits.at(-1)?.aborted).toBe(false);
    expect(listener.wake()).toBe(true);
    await answered.opened;
    expect(waits.at(-1)?.aborted).toBe(true);
  }
});

test('what follows a wait that was forgotten begins when that is over, and the forgotten one claims nothing', async () => {
  const store = await openStore(await storeUrl('memory'));
  await store.register('w', 60_000);
  const calls: string[] = [];
  const isOver = new Latch();
  const isClaimed = new Latch();
  const wait: Backend['wait'] = async () => {
    calls.push('wait');
    await isOver.opened;
    calls.push('over');
    return 'aborted';
  };
  const exchangeWhenWoken: Backend['exchangeWhenWoken'] = async (call, request) => {
    calls.push('claim');
    return store.exchange(call, request);
  };
  const listener = new Listener(
    {
      backend: changed(store, { wait, exchangeWhenWoken, exchange: () => expect.fail('the forgotten one claimed') }),
      rideOut: (_, error) => Promise.reject(error),
      answered: () => isClaimed.open(),
      failed: (error) => expect.fail(String(error)),
    },
    new Log(),
  );
  const request = { worker: 'w', settlements: [], claim: { queues: ['q'], count: 1, locks: 'take' } } as const;
  listener.listen(request, false);
  expect(listener.makeRoom(true)).toBe(true);
  listener.listen(request, true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls).toEqual(['wait']);
  isOver.open();
  await isClaimed.opened;
  expect(calls).toEqual(['wait', 'over', 'claim']);
  // Nothing is left to wait for.
  listener.listen(request, true);
  expect(calls).toEqual(['wait', 'over', 'claim', 'claim']);
});

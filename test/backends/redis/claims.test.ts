// A claim's reply has a form of its own where it is one small job: whatever form it has, the job is the same.

import { expect, test } from 'vitest';
import { Caller } from '../../../src/contract/call.ts';
import { completed, newJob } from '../../../src/contract/conformance/session.ts';
import { newId } from '../../../src/runtime/identity.ts';
import { server, store } from './stage.ts';

const claim = { queues: ['q'], count: 3, locks: 'take' } as const;

/** Ids of this system's, and of others, as long as those and not; payloads small and large, with what stands between words. */
const JOBS = [
  newJob(newId(), { payload: '{"n":1}' }),
  newJob('an-id-of-the-user', { payload: '{}' }),
  newJob('22-characters-as-ours-', { payload: '" 1 2 "' }),
  newJob(newId(), { payload: JSON.stringify('x'.repeat(5_000)) }),
  newJob(newId(), { payload: '"é 😀\\n"' }),
];

test('a job that is claimed with what it settles comes as it was enqueued', async () => {
  const { session } = await store({ url: (await server()).url });
  const worker = await session.worker();
  await session.enqueue(newJob('first'));
  let before = await session.take(worker, 'first');
  for (const job of JOBS) {
    await session.enqueue(job);
    const { claimed, settled, owned } = await session.exchange(worker, [{ job: before, outcome: completed }], claim);
    expect([claimed.length, settled, owned]).toEqual([1, ['settled'], 1]);
    expect(claimed[0]).toMatchObject({ ...job, worker, attempts: 0 });
    before = claimed[0] ?? before;
  }
  // Its token is the one in the books: else it would be refused.
  expect((await session.settle(before, completed)).settled).toEqual(['settled']);
});

test('and so does one that was waited for', async () => {
  const { backend, session } = await store({ url: (await server()).url });
  const caller = new Caller('waiting');
  const worker = await session.worker();
  for (const job of JOBS) {
    const woken = caller.call((call) =>
      backend.exchangeWhenWoken(call, { worker, settlements: [], claim }, { timeout: 10_000 }),
    );
    await session.enqueue(job);
    const { claimed, owned } = await woken;
    expect([claimed.length, owned]).toEqual([1, 1]);
    expect(claimed[0]).toMatchObject({ ...job, worker, attempts: 0 });
    for (const one of claimed) expect((await session.settle(one, completed)).settled).toEqual(['settled']);
  }
});

test('one that is not all that its worker has is told with how many those are', async () => {
  const { session } = await store({ url: (await server()).url });
  const worker = await session.worker();
  for (const owned of [1, 2, 3]) {
    await session.enqueue(newJob(newId()));
    const reply = await session.exchange(worker, [], claim);
    expect([reply.claimed.length, reply.owned]).toEqual([1, owned]);
  }
});

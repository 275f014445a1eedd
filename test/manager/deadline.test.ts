// Deadlines: a job that has not ended by then is failed for good, wherever it is by then.

import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import { defineJob } from '../../src/core/job.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { RetryAt, Snooze } from '../../src/core/verdict.ts';
import { Deadline } from '../../src/manager/deadline.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { LazyAbortController } from '../../src/runtime/lazy-abort.ts';
import { happened, openStore, run, stores, storeUrl } from './stage.ts';

const HOUR = 3_600_000;

async function open(name: (typeof stores)[number]) {
  const backend = await openStore(await storeUrl(name));
  const wingman = await connect({ backend });
  onTestFinished(() => wingman.close());
  return { backend, wingman };
}

test.each(stores)('on %s a job whose deadline has passed is failed instead of run', async (name) => {
  const { backend, wingman } = await open(name);
  const type = defineJob<string>({ type: 't' });
  const ran: string[] = [];
  const late = await wingman.enqueue(type, 'late', { deadline: new Date((await backend.now()) - 1) });
  const short = await wingman.enqueue(type, 'short', { deadline: 1 });
  const inTime = await wingman.enqueue(type, 'in time', { deadline: '1h' });
  const end = (await backend.now()) + 1;
  while ((await backend.now()) <= end) await systemClock.sleep(1);
  const { manager } = await run({ backend, handlers: [type.handle((input) => ran.push(input))] });
  const failed = await happened(manager, 'failed', 2);
  await happened(manager, 'completed');
  expect(ran).toEqual(['in time']);
  expect(failed.map(({ id }) => id).sort()).toEqual([late.id, short.id].sort());
  for (const { id } of [late, short]) {
    const job = await wingman.get(id);
    expect(job).toMatchObject({ state: 'failed', failures: [{ name: 'DeadlineError', code: 'WINGMAN_DEADLINE' }] });
    expect(job?.failures[0]?.message).toBe(`its deadline, ${job?.deadline?.toISOString()}, passed before it ran`);
  }
  expect(await wingman.get(inTime.id)).toBeNull();
  expect((await backend.stats()).counters).toEqual({ successful: 1, failed: 2 });
});

test.each(stores)("on %s a run's signal aborts when the deadline comes, and there is no other", async (name) => {
  const { backend, wingman } = await open(name);
  const reasons: unknown[] = [];
  // Enough for them to begin before, however busy the machine is.
  const deadline = 1_000;
  const waitFor = (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', resolve));
  const types = {
    returns: defineJob({ type: 'returns', deadline }).handle(async (_, { signal }) => {
      await waitFor(signal);
      reasons.push(signal.reason);
    }),
    throws: defineJob({ type: 'throws', deadline }).handle(async (_, { signal }) => {
      await waitFor(signal);
      throw new Error('gave up');
    }),
    snoozes: defineJob({ type: 'snoozes', deadline }).handle(async (_, { signal }) => {
      await waitFor(signal);
      throw new Snooze(0);
    }),
    deaf: defineJob({ type: 'deaf', deadline }).handle(() => new Promise(() => {})),
  };
  const { manager } = await run({ backend, handlers: Object.values(types), concurrency: 4 });
  const jobs = await Promise.all(
    Object.values(types).map(({ definition }) => wingman.enqueue({ type: definition.type, payload: null, definition })),
  );
  await happened(manager, 'failed', jobs.length);
  expect(reasons).toEqual([expect.objectContaining({ name: 'WingmanError', code: 'WINGMAN_DEADLINE' })]);
  for (const { id } of jobs) {
    const job = await wingman.get(id);
    expect(job).toMatchObject({ state: 'failed', attempts: 1, failures: [{ code: 'WINGMAN_DEADLINE' }] });
    expect(job?.failures[0]?.message).toContain('passed while it ran');
  }
});

test('the sooner of timeout and deadline ends a run', async () => {
  const { backend, wingman } = await open('memory');
  const type = defineJob({ type: 't', timeout: 20, retry: { attempts: 1 } });
  const { manager } = await run({ backend, handlers: [type.handle(() => new Promise(() => {}))] });
  const { id } = await wingman.enqueue(type, undefined, { deadline: '1h' });
  await happened(manager, 'failed');
  expect((await wingman.get(id))?.failures).toMatchObject([{ code: 'WINGMAN_TIMEOUT' }]);
});

test.each(stores)('on %s what would go on only after its deadline fails at once, with its cause', async (name) => {
  const { backend, wingman } = await open(name);
  const attempts: string[] = [];
  const type = (own: string, work: () => void, delay = 2 * HOUR) =>
    defineJob({ type: own, retry: { attempts: 3, backoff: { kind: 'fixed', delay, jitter: 0 } } }).handle(() => {
      attempts.push(own);
      work();
    });
  const boom = () => {
    throw new Error('boom');
  };
  const retried = type('retried', boom);
  const snoozed = type('snoozed', () => {
    throw new Snooze('2h');
  });
  const put = type('put off', () => {
    throw new RetryAt(new Date(Date.now() + 2 * HOUR));
  });
  const soon = type(
    'soon',
    () => {
      if (attempts.filter((own) => own === 'soon').length === 1) boom();
    },
    1,
  );
  const handlers = [retried, snoozed, put, soon];
  const { manager } = await run({ backend, handlers, concurrency: 4 });
  const jobs = await Promise.all(
    handlers.map(({ definition }) =>
      wingman.enqueue({ type: definition.type, payload: null, definition }, { deadline: '1h' }),
    ),
  );
  await happened(manager, 'failed', 3);
  // One that goes on in time does so.
  await happened(manager, 'completed');
  expect(attempts.sort()).toEqual(['put off', 'retried', 'snoozed', 'soon', 'soon']);
  const [first, second, third] = await Promise.all(jobs.map(({ id }) => wingman.get(id)));
  for (const job of [first, second, third]) {
    expect(job).toMatchObject({ state: 'failed', attempts: 1, failures: [{ code: 'WINGMAN_DEADLINE' }] });
    expect(job?.failures[0]?.message).toContain('passed before it would be tried again');
  }
  expect(first?.failures[0]?.cause).toMatchObject({ name: 'Error', message: 'boom' });
  // Someone who has it tried again wants it, however late.
  await wingman.retry(second?.id ?? '');
  expect(await happened(manager, 'snoozed')).toMatchObject([{ id: second?.id }]);
  expect((await wingman.get(second?.id ?? ''))?.deadline).toBeUndefined();
});

test('a deadline goes by the clock of the backend, whatever time it is here', async () => {
  const job = {
    ...{ id: 'a', type: 't', queue: 'q', payload: '', locks: [], attempts: 0, crashes: 0, sequence: 1 },
    ...{ worker: 'w', token: '1', enqueuedAt: 1_000, extras: { deadline: { in: HOUR } } },
  };
  for (const offset of [-24 * HOUR, 24 * HOUR]) {
    const clock = { ...systemClock, now: () => Date.now() + offset };
    const run = (instant: number, how: Outcome): Outcome | null | undefined => {
      const deadline = Deadline.of(job, instant, clock);
      return deadline?.limit(new LazyAbortController()) ?? deadline?.judge(how);
    };
    expect(run(1_000 + HOUR - 60_000, { kind: 'completed' })).toEqual({ kind: 'completed' });
    const late = run(1_000 + HOUR, { kind: 'completed' });
    expect(late).toMatchObject({ kind: 'failed', failure: { code: 'WINGMAN_DEADLINE' } });
    expect(run(1_000, { kind: 'released' })).toEqual({ kind: 'released' });
  }
});

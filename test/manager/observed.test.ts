// Every transition that passes through an observed backend is told once, by the name that the table of states gives it.

import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { Caller } from '../../src/contract/call.ts';
import { ObservedBackend } from '../../src/contract/observed.ts';
import type { ClaimedJob, Due } from '../../src/core/envelope.ts';
import type { JobEvent } from '../../src/core/events.ts';
import type { Lock } from '../../src/core/lock.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { MOST_CRASHES } from '../../src/core/outcome.ts';
import { TRANSITIONS } from '../../src/core/states.ts';
import type { OnConflict } from '../../src/core/unique.ts';
import { systemClock } from '../../src/runtime/clock.ts';

/** A backend on a clock that the test moves. */
async function observed() {
  let now = 1_000_000;
  const clock = { ...systemClock, now: () => now };
  const memory = await open({ clock, grantTimeout: 100 });
  onTestFinished(() => memory.close());
  const events: JobEvent[] = [];
  const backend = new ObservedBackend(memory, (event) => events.push(event), clock);
  const caller = new Caller('test');
  return {
    backend,
    memory,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    enqueue: (id: string, { locks = [], due, queue = 'q' }: { locks?: Lock[]; due?: Due; queue?: string } = {}) => {
      const job = { id, type: 't', queue, payload: 'null', locks, ...(due && { due }) };
      return caller.call((call) => backend.enqueue(call, [job]));
    },
    exchange: (worker: string, settlements: { job: ClaimedJob; outcome: Outcome }[], count = 0) =>
      caller.call((call) =>
        backend.exchange(call, {
          worker,
          settlements,
          ...(count > 0 && { claim: { queues: ['q'], count, locks: 'take' } }),
        }),
      ),
    lock: (job: ClaimedJob, locks: Lock[]) => caller.call((call) => backend.lock(call, job, locks)),
    unlock: (job: ClaimedJob) => caller.call((call) => backend.unlock(call, job)),
    told: () => events.splice(0),
  };
}

const lock = { key: 'k', concurrency: 1 };
const failure = { name: 'Error', message: 'boom' };

test('there is an event for each transition', async () => {
  const { backend, enqueue, exchange, pass, told } = await observed();
  const seen = new Set<string>();
  const tell = (): JobEvent[] => {
    const events = told();
    for (const { event } of events) seen.add(event);
    return events;
  };
  await backend.register('w', 1_000);

  await enqueue('a');
  await enqueue('a');
  await enqueue('b', { due: { in: 10 } });
  await enqueue('c', { due: { at: 1 } });
  expect(tell()).toEqual([
    { event: 'enqueued', id: 'a', queue: 'q', type: 't' },
    { event: 'scheduled', id: 'b', queue: 'q', type: 't' },
    { event: 'enqueued', id: 'c', queue: 'q', type: 't' },
  ]);

  pass(10);
  await backend.promote(10);
  expect(tell()).toEqual([{ event: 'promoted', id: 'b', queue: 'q' }]);

  const { claimed } = await exchange('w', [], 3);
  const at = { queue: 'q', type: 't', worker: 'w', token: expect.stringMatching(/^\d+$/), attempt: 1 };
  expect(tell()).toEqual(['a', 'c', 'b'].map((id) => ({ event: 'claimed', id, ...at })));

  const [a, c, b] = claimed;
  if (a === undefined || b === undefined || c === undefined) throw new Error('not claimed');
  await exchange('w', [
    { job: a, outcome: { kind: 'completed' } },
    { job: a, outcome: { kind: 'completed' } },
    { job: c, outcome: { kind: 'retry', delay: 5, failure } },
    { job: b, outcome: { kind: 'parked', reason: 'unknown' } },
  ]);
  expect(tell()).toEqual([
    { event: 'completed', id: 'a', ...at },
    { event: 'retrying', id: 'c', ...at, detail: 'boom', delay: 5 },
    { event: 'parked', id: 'b', ...at, detail: 'unknown' },
  ]);

  await backend.unpark(['t'], 10);
  expect(tell()).toEqual([{ event: 'unparked', id: 'b', queue: 'q' }]);
  await new Caller('operator').call((call) => backend.cancel(call, 'b'));
  await new Caller('another').call((call) => backend.cancel(call, 'b'));
  expect(tell()).toEqual([{ event: 'cancelled', id: 'b', queue: 'q', type: 't' }]);

  await enqueue('m', { due: { in: 5 } });
  await enqueue('n', { locks: [lock], due: { in: 5 } });
  tell();
  const many = ['m', 'none', 'n', 'm'];
  expect((await new Caller('several').call((call) => backend.bulk.cancel(call, many))).results).toHaveLength(4);
  expect((await backend.bulk.browse({ queue: 'q' }, null, 10)).ids).not.toContain('n');
  expect(tell()).toEqual(['m', 'n'].map((id) => ({ event: 'cancelled', id, queue: 'q', type: 't' })));

  pass(5);
  await backend.promote(10);
  tell();
  const again = { ...at, attempt: 2 };
  const { claimed: second } = await exchange('w', [], 1);
  const { claimed: third } = await exchange(
    'w',
    second.map((job) => ({ job, outcome: { kind: 'released' } })),
    1,
  );
  await exchange(
    'w',
    third.map((job) => ({ job, outcome: { kind: 'dead', reason: 'damaged' } })),
  );
  expect(tell()).toEqual([
    { event: 'claimed', id: 'c', ...again },
    { event: 'released', id: 'c', ...again },
    { event: 'claimed', id: 'c', ...again },
    { event: 'dead', id: 'c', ...again, detail: 'damaged' },
  ]);

  await enqueue('d', { locks: [lock] });
  await enqueue('e', { locks: [lock] });
  const { claimed: locked } = await exchange('w', [], 2);
  expect(tell().slice(2)).toEqual([
    { event: 'held', id: 'e', queue: 'q', detail: 'k' },
    { event: 'claimed', id: 'd', ...at },
  ]);
  await exchange(
    'w',
    locked.map((job) => ({ job, outcome: { kind: 'failed', failure } })),
  );
  expect(tell()).toEqual([
    { event: 'failed', id: 'd', ...at, detail: 'boom' },
    { event: 'granted', id: 'e', queue: 'q', detail: 'k' },
  ]);

  await exchange('w', [], 1);
  pass(1_000);
  await backend.reclaim(10);
  expect(tell().slice(1)).toEqual([
    { event: 'reclaimed', id: 'e', queue: 'q', worker: 'w' },
    { event: 'granted', id: 'e', queue: 'q', detail: 'k' },
  ]);

  // E vanishes with its worker until it is quarantined, is retried, snoozes, fails, and is discarded.
  await backend.register('w2', 1_000);
  for (let crashes = 2; crashes <= MOST_CRASHES; crashes += 1) {
    await exchange(`w${crashes}`, [], 1);
    pass(1_000);
    await backend.reclaim(10);
    await backend.register(`w${crashes + 1}`, 1_000);
  }
  expect(tell().at(-1)).toEqual({ event: 'quarantined', id: 'e', queue: 'q', worker: `w${MOST_CRASHES}` });
  const operator = new Caller('operator again');
  await operator.call((call) => backend.retryFailed(call, ['e', 'none']));
  expect(tell()).toEqual([{ event: 'retried', id: 'e', queue: 'q' }]);
  const worker = `w${MOST_CRASHES + 1}`;
  const { claimed: late } = await exchange(worker, [], 1);
  await exchange(
    worker,
    late.map((job) => ({ job, outcome: { kind: 'snoozed', due: { in: 5 } } })),
  );
  expect(tell().at(-1)).toEqual({ event: 'snoozed', id: 'e', ...at, worker, detail: '5 ms' });
  pass(5);
  await backend.promote(10);
  const { claimed: last } = await exchange(worker, [], 1);
  await enqueue('f');
  const { claimed: other } = await exchange(worker, [], 1);
  await exchange(
    worker,
    [...last, ...other].map((job) => ({ job, outcome: { kind: 'failed', failure } })),
  );
  tell();
  await operator.call((call) => backend.discard(call, ['e', 'none']));
  expect(tell()).toEqual([{ event: 'discarded', id: 'e', queue: 'q' }]);
  await backend.expire({ for: null, count: 0 }, 10);
  expect(tell()).toEqual(['d', 'f'].map((id) => ({ event: 'expired', id, queue: 'q' })));
  expect([...seen].sort()).toEqual([...new Set(TRANSITIONS.map(({ event }) => event))].sort());
});

test('grants that pass, and locks taken one at a time, are told as well', async () => {
  const { backend, enqueue, exchange, lock: take, unlock, pass, told } = await observed();
  await backend.register('w', 60_000);
  await enqueue('a');
  await enqueue('b');
  const { claimed } = await exchange('w', [], 2);
  const [a, b] = claimed;
  if (a === undefined || b === undefined) throw new Error('not claimed');
  told();
  expect((await take(a, [lock])).state).toBe('locked');
  expect((await take(b, [lock])).state).toBe('held');
  expect(told()).toEqual([{ event: 'held', id: 'b', queue: 'q', detail: 'k' }]);
  await enqueue('c', { locks: [lock], queue: 'other' });
  const other = { queues: ['other'], count: 1, locks: 'take' } as const;
  await new Caller('other').call((call) => backend.exchange(call, { worker: 'w', settlements: [], claim: other }));
  told();
  await unlock(a);
  expect(told()).toEqual([{ event: 'granted', id: 'b', queue: 'q', detail: 'k' }]);
  pass(100);
  await backend.passGrants(10);
  expect(told()).toEqual([{ event: 'granted', id: 'c', queue: 'other', detail: 'k' }]);
});

test('a job that is replaced is cancelled, and the new one enqueued; one that is kept away is nothing', async () => {
  const { backend, exchange, told, enqueue: enqueueLocked } = await observed();
  await backend.register('w', 60_000);
  const caller = new Caller('unique');
  const enqueue = (...jobs: readonly (readonly [id: string, onConflict?: OnConflict, ...locks: Lock[]])[]) =>
    caller.call((call) =>
      backend.enqueue(
        call,
        jobs.map(([id, onConflict = 'keep', ...locks]) => ({
          ...{ id, type: 't', queue: 'q', payload: 'null', locks, onConflict },
          extras: { unique: { key: 'u', while: 'until done' } },
        })),
      ),
    );
  await enqueue(['a'], ['b'], ['c', 'replace'], ['d', 'reject'], ['e', 'extend']);
  const at = { queue: 'q', type: 't' };
  expect(told()).toEqual([
    { event: 'enqueued', id: 'a', ...at },
    { event: 'cancelled', id: 'a', ...at },
    { event: 'enqueued', id: 'c', ...at },
  ]);
  // One that has a grant leaves its place to the next.
  const plain = (id: string) => enqueueLocked(id, { locks: [lock] });
  await plain('holder');
  await enqueue(['f', 'replace', lock]);
  await plain('g');
  const { claimed } = await exchange('w', [], 3);
  told();
  await exchange(
    'w',
    claimed.map((job) => ({ job, outcome: { kind: 'completed' } })),
  );
  expect(told().at(-1)).toEqual({ event: 'granted', id: 'f', queue: 'q', detail: 'k' });
  await enqueue(['h', 'replace']);
  expect(told()).toEqual([
    { event: 'cancelled', id: 'f', ...at },
    { event: 'enqueued', id: 'h', ...at },
    { event: 'granted', id: 'g', queue: 'q', detail: 'k' },
  ]);
  expect(await backend.uniqueKeys.standing('t', 'u')).toEqual({ id: 'h', queue: 'q' });
});

test('reads pass through', async () => {
  const { backend, memory, enqueue } = await observed();
  await enqueue('a');
  expect([backend.kind, backend.location, backend.maxPayload]).toEqual(['memory', 'memory:', memory.maxPayload]);
  expect(await backend.find('a')).toEqual(await memory.find('a'));
  expect(await backend.peek('q')).toEqual(await memory.peek('q'));
  expect(await backend.size('q')).toBe(1);
  expect(await backend.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['a']);
  expect(await backend.holders('k')).toEqual([]);
  expect(await backend.deadLetters(0, 10)).toEqual([]);
  expect(await backend.now()).toBe(1_000_000);
  await new Caller('x').call((call) => backend.increment(call, 'failed', 2));
  expect((await backend.stats()).counters).toEqual({ successful: 0, failed: 2 });
  expect(await backend.renew('nobody', 1)).toBe(false);
  await backend.retire('nobody');
  expect(await backend.wait(['q'], { timeout: 10 })).toBe('woken');
  await backend.close();
  await expect(memory.size('q')).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' });
});

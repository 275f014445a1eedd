// What a cluster needs done by somebody.

import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import type { Backend } from '../../src/contract/backend.ts';
import { Caller } from '../../src/contract/call.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Loop } from '../../src/runtime/loop.ts';
import { grantPasser } from '../../src/scheduler/grant-passer.ts';
import { promoter } from '../../src/scheduler/promoter.ts';
import { reclaimer } from '../../src/scheduler/reclaimer.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { unparker } from '../../src/scheduler/unparker.ts';
import { surroundings } from '../runtime/surroundings.ts';

const caller = new Caller('test');

/** A backend on a clock that the test moves, and its calls. */
async function store() {
  let now = 1_000_000;
  const memory = await open({ clock: { ...systemClock, now: () => now }, grantTimeout: 100 });
  onTestFinished(() => memory.close());
  const calls: string[] = [];
  let isOut = false;
  const backend: Backend = new Proxy(memory, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        calls.push(String(name));
        if (isOut) throw new Error('out');
        return Reflect.apply(value, target, args);
      };
    },
  });
  const pass = (milliseconds: number): void => {
    now += milliseconds;
  };
  const setOut = (value: boolean): void => {
    isOut = value;
  };
  return { memory, backend, calls, pass, setOut };
}

const due = (id: string, milliseconds: number) => ({
  ...{ id, type: 't', queue: 'q', payload: 'null', locks: [] },
  due: { in: milliseconds },
});

/** Lets a daemon run until something holds. */
async function runUntil(loop: Loop | Scheduler, holds: () => boolean | Promise<boolean>): Promise<void> {
  loop.start();
  while (!(await holds())) await systemClock.turn();
  await loop.stop();
}

test('the promoter moves all that is due, in bounded steps, and sleeps until the next, a second at most', async () => {
  const { memory, backend, calls, pass } = await store();
  const around = surroundings();
  const jobs = Array.from({ length: 1_200 }, (_, n) => due(`j${n}`, 10));
  await caller.call((call) => memory.enqueue(call, [...jobs, due('soon', 300), due('late', 60_000)]));
  pass(10);
  await runUntil(promoter(backend, around), () => around.sleeps.length > 0);
  expect(await memory.size('q')).toBe(1_200);
  expect(calls.slice(0, 3)).toEqual(['promote', 'promote', 'promote']);
  expect(around.sleeps[0]).toBe(290);
  pass(290);
  around.sleeps.length = 0;
  await runUntil(promoter(backend, around), () => around.sleeps.length > 0);
  expect(around.sleeps[0]).toBe(1_000);
});

test('the reclaimer takes back what dead workers owned', async () => {
  const { memory, backend, pass } = await store();
  await memory.register('dead', 1_000);
  await caller.call((call) => memory.enqueue(call, [{ ...due('a', 0) }]));
  const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
  await caller.call((call) => memory.exchange(call, { worker: 'dead', settlements: [], claim }));
  pass(1_000);
  await runUntil(reclaimer(backend, 5_000, surroundings()), async () => (await memory.size('q')) === 1);
  expect((await memory.find('a'))?.job.crashes).toBe(1);
});

test('after an outage the reclaimer first gives the living time to renew', async () => {
  const { backend, calls, setOut } = await store();
  const around = surroundings();
  setOut(true);
  const loop = reclaimer(backend, 12_345, around);
  loop.start();
  while (calls.length < 3) await systemClock.turn();
  setOut(false);
  const before = calls.length;
  while (!calls.slice(before).includes('reclaim')) await systemClock.turn();
  await loop.stop();
  // During the outage and right after it, it only asks whether the backend is there.
  expect(calls[0]).toBe('reclaim');
  expect(new Set(calls.slice(1, calls.indexOf('reclaim', 1)))).toEqual(new Set(['now']));
  expect(around.sleeps).toContain(12_345);
});

test('the unparker brings back jobs of the types it knows', async () => {
  const { memory, backend } = await store();
  await memory.register('w', 1_000);
  const jobs = ['known', 'unknown'].map((type) => ({ ...due(type, 0), type }));
  await caller.call((call) => memory.enqueue(call, jobs));
  const claim = { queues: ['q'], count: 2, locks: 'take' } as const;
  const { claimed } = await caller.call((call) => memory.exchange(call, { worker: 'w', settlements: [], claim }));
  const settlements = claimed.map((job) => ({ job, outcome: { kind: 'parked', reason: 'r' } as const }));
  await caller.call((call) => memory.exchange(call, { worker: 'w', settlements }));
  await runUntil(unparker(backend, ['known'], surroundings()), async () => (await memory.size('q')) === 1);
  expect((await memory.find('unknown'))?.state).toBe('parked');
});

test('the passer of grants passes what nobody claimed to another queue', async () => {
  const { memory, backend, pass } = await store();
  const locks = [{ key: 'k', concurrency: 1 }];
  await memory.register('w', 60_000);
  const jobs = ['a', 'b', 'c'].map((id) => ({ ...due(id, 0), locks, queue: id === 'c' ? 'other' : 'q' }));
  await caller.call((call) => memory.enqueue(call, jobs));
  const claim = { queues: ['q', 'other'], count: 3, locks: 'take' } as const;
  const { claimed } = await caller.call((call) => memory.exchange(call, { worker: 'w', settlements: [], claim }));
  const settlements = claimed.map((job) => ({ job, outcome: { kind: 'completed' } as const }));
  await caller.call((call) => memory.exchange(call, { worker: 'w', settlements }));
  expect((await memory.find('b'))?.granted).toBe(true);
  pass(100);
  const passed = async (): Promise<boolean> => (await memory.find('c'))?.granted === true;
  await runUntil(grantPasser(backend, surroundings()), passed);
  expect((await memory.find('b'))?.state).toBe('waiting');
});

test('the scheduler runs all of them, and stops all of them', async () => {
  const { backend, calls } = await store();
  const scheduler = new Scheduler({ backend, types: ['t'], renewalTime: 1 }, { ...surroundings(), clock: systemClock });
  await runUntil(scheduler, () => calls.length >= 4);
  expect([...calls].sort()).toEqual(['passGrants', 'promote', 'reclaim', 'unpark']);
  // Told of a job that is due soon, the promoter looks at once.
  scheduler.start();
  while (calls.length < 8) await systemClock.turn();
  scheduler.expect();
  while (calls.length < 9) await systemClock.turn();
  await scheduler.stop();
  expect(calls.at(-1)).toBe('promote');
});

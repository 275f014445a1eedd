// What a cluster needs done by somebody.

import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import type { Backend, Finding } from '../../src/contract/backend.ts';
import { Caller } from '../../src/contract/call.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Loop } from '../../src/runtime/loop.ts';
import { Election } from '../../src/scheduler/election.ts';
import { grantPasser } from '../../src/scheduler/grant-passer.ts';
import { janitor } from '../../src/scheduler/janitor.ts';
import { promoter } from '../../src/scheduler/promoter.ts';
import { reclaimer } from '../../src/scheduler/reclaimer.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { settingsWatch } from '../../src/scheduler/settings-watch.ts';
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

const always = (): boolean => true;
const KEEP = { for: 60_000, count: null };

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

test('the promoter moves all that is due, in bounded steps, and waits until the next is due', async () => {
  const { memory, backend, calls, pass } = await store();
  const base = surroundings();
  // Not by the backend's timer: a server may end a wait late.
  const timers: number[] = [];
  const after: typeof base.clock.after = (milliseconds, callback) => {
    timers.push(milliseconds);
    return systemClock.after(milliseconds, callback);
  };
  const around = { ...base, clock: { ...base.clock, after } };
  const jobs = Array.from({ length: 240 }, (_, n) => due(`j${n}`, 10));
  await caller.call((call) => memory.enqueue(call, [...jobs, due('soon', 300), due('late', 60_000)]));
  pass(10);
  await runUntil(promoter(backend, always, around), () => calls.includes('waitForDue'));
  expect(await memory.size('q')).toBe(240);
  expect(calls).toEqual(['promote', 'promote', 'promote', 'waitForDue']);
  expect(timers).toEqual([290]);
  pass(290);
  calls.length = 0;
  await runUntil(promoter(backend, always, around), () => calls.includes('waitForDue'));
  expect(calls).toEqual(['promote', 'waitForDue']);
  expect(timers).toEqual([290]);
});

test('the promoter is woken by a job that is due sooner than all that were', async () => {
  const { memory, backend, pass } = await store();
  await caller.call((call) => memory.enqueue(call, [due('late', 60_000)]));
  const loop = promoter(backend, always, { ...surroundings(), clock: systemClock });
  loop.start();
  await systemClock.sleep(20);
  await caller.call((call) => memory.enqueue(call, [due('soon', 30)]));
  // The clock of the store stands still but for this; the promoter's does not.
  pass(30);
  while ((await memory.size('q')) === 0) await systemClock.turn();
  await loop.stop();
  expect((await memory.find('soon'))?.state).toBe('waiting');
});

test('the reclaimer takes back what dead workers owned', async () => {
  const { memory, backend, pass } = await store();
  await memory.register('dead', 1_000);
  await caller.call((call) => memory.enqueue(call, [{ ...due('a', 0) }]));
  const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
  await caller.call((call) => memory.exchange(call, { worker: 'dead', settlements: [], claim }));
  pass(1_000);
  await runUntil(reclaimer(backend, always, surroundings()), async () => (await memory.size('q')) === 1);
  expect((await memory.find('a'))?.job.crashes).toBe(1);
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
  await runUntil(grantPasser(backend, always, surroundings()), passed);
  expect((await memory.find('b'))?.state).toBe('waiting');
});

test('the settings watch tells what has become dangerous since it looked last, once', async () => {
  const { backend } = await store();
  const around = surroundings();
  const sound: Finding = { level: 'ok', topic: 'eviction', found: 'maxmemory-policy noeviction', means: 'fine' };
  const evicting: Finding = { level: 'fail', topic: 'eviction', found: 'maxmemory-policy allkeys-lru', means: 'bad' };
  // What was so from the start is not news.
  const unsaved: Finding = { level: 'fail', topic: 'persistence', found: 'appendonly no', means: 'bad' };
  const looks = [
    [unsaved, sound],
    [unsaved, evicting],
    [unsaved, evicting],
    [unsaved, sound],
    [unsaved, evicting],
  ];
  let look = 0;
  const watched = new Proxy(backend, {
    get: (target, name) => (name === 'diagnose' ? async () => looks[look++] ?? [unsaved] : Reflect.get(target, name)),
  });
  await runUntil(settingsWatch(watched, always, around), () => look > looks.length);
  const line = "error: the store's settings have changed, and jobs may be lost: maxmemory-policy allkeys-lru";
  expect(around.lines).toEqual([line, line]);
  expect(around.sleeps[0]).toBe(60_000);
});

test('the janitor removes what was kept for long enough, in bounded steps', async () => {
  const { memory, backend, calls, pass } = await store();
  await memory.register('w', 1_000);
  const jobs = Array.from({ length: 150 }, (_, n) => due(`j${n}`, 0));
  await caller.call((call) => memory.enqueue(call, jobs));
  const claim = { queues: ['q'], count: 150, locks: 'take' } as const;
  const { claimed } = await caller.call((call) => memory.exchange(call, { worker: 'w', settlements: [], claim }));
  const outcome = { kind: 'failed', failure: { name: 'Error', message: 'no' } } as const;
  const settlements = claimed.map((job) => ({ job, outcome }));
  await caller.call((call) => memory.exchange(call, { worker: 'w', settlements }));
  pass(KEEP.for);
  await runUntil(janitor(backend, KEEP, always, surroundings()), async () => (await memory.stats()).failed === 0);
  expect(calls.filter((name) => name === 'expire')).toHaveLength(2);
});

test('of two candidates one leads, and the other follows when it stops', async () => {
  const { backend } = await store();
  const around = { ...surroundings(), clock: systemClock };
  const elected: string[] = [];
  const candidate = (name: string): Election => new Election(backend, 60_000, () => elected.push(name), around);
  const [first, second] = [candidate('first'), candidate('second')];
  first.start();
  while (!first.isLeader) await systemClock.turn();
  second.start();
  await systemClock.sleep(5);
  expect(second.isLeader).toBe(false);
  // Only what has led for as long as a lease may take it that all who live have renewed theirs.
  expect(first.isSettled).toBe(false);
  await first.stop();
  expect(first.isLeader).toBe(false);
  while (!second.isLeader) await systemClock.sleep(5);
  expect(elected).toEqual(['first', 'second']);
  await second.stop();
});

test('a leader that is cut off leads no longer than its lease', async () => {
  const { backend, setOut } = await store();
  const around = { ...surroundings(), clock: systemClock };
  const election = new Election(backend, 100, () => undefined, around);
  election.start();
  while (!election.isSettled) await systemClock.sleep(5);
  setOut(true);
  while (election.isLeader) await systemClock.sleep(5);
  setOut(false);
  while (!election.isLeader) await systemClock.sleep(5);
  // It is a new leader now: others may have been cut off as well.
  expect(election.isSettled).toBe(false);
  await election.stop();
});

const LEADING = new Set(['diagnose', 'expire', 'passGrants', 'promote', 'reclaim', 'waitForDue']);

test('the scheduler of the leader does everything, and that of another only what it alone can', async () => {
  const { backend, calls } = await store();
  const around = { ...surroundings(), clock: systemClock };
  const options = { backend, types: ['t'], leadership: 150, keepFailed: KEEP };
  const leader = new Scheduler(options, around);
  leader.start();
  while (!calls.includes('reclaim')) await systemClock.sleep(5);
  expect(new Set(calls)).toEqual(new Set([...LEADING, 'lead', 'unpark']));
  // It reclaims last: a leader that is new gives the living time to renew their leases.
  expect(calls.indexOf('reclaim')).toBeGreaterThan(calls.indexOf('expire'));

  const other = new Scheduler(options, around);
  calls.length = 0;
  // The leader does not act meanwhile: what is called now, the other one calls.
  other.start();
  while (!calls.includes('unpark')) await systemClock.turn();
  expect(other.isLeader).toBe(false);
  expect(calls.filter((name) => LEADING.has(name))).toEqual([]);
  await Promise.all([leader.stop(), other.stop()]);
  expect(calls).toContain('resign');
});

// What a cluster needs done by somebody.

import { describe, expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { type Backend, type CheckedIn, type Finding, SWEEP_BUDGET } from '../../src/contract/backend.ts';
import { Caller } from '../../src/contract/call.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Loop } from '../../src/runtime/loop.ts';
import { Duty } from '../../src/scheduler/duty.ts';
import { grantPasser } from '../../src/scheduler/grant-passer.ts';
import { janitor } from '../../src/scheduler/janitor.ts';
import { Presence } from '../../src/scheduler/presence.ts';
import { promoter } from '../../src/scheduler/promoter.ts';
import { reclaimer } from '../../src/scheduler/reclaimer.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { settingsWatch } from '../../src/scheduler/settings-watch.ts';
import { unparker } from '../../src/scheduler/unparker.ts';
import { VirtualTime } from '../harness/virtual-time.ts';
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
const quiet = (): undefined => undefined;
const KEEP = { for: 60_000, count: null };

const due = (id: string, milliseconds: number) => ({
  ...{ id, type: 't', queue: 'q', payload: 'null', locks: [] },
  due: { in: milliseconds },
});

/** Lets a daemon run until something holds; a duty is told that it is due. */
async function runUntil(loop: Loop | Duty, holds: () => boolean | Promise<boolean>): Promise<void> {
  if (loop instanceof Duty) loop.tell(0);
  loop.start();
  while (!(await holds())) await systemClock.turn();
  await loop.stop();
}

test('the promoter moves all that is due, in bounded steps, and sleeps until the next is due', async () => {
  const { memory, backend, calls, pass } = await store();
  const around = surroundings();
  const jobs = Array.from({ length: 240 }, (_, n) => due(`j${n}`, 10));
  await caller.call((call) => memory.enqueue(call, [...jobs, due('soon', 300), due('late', 60_000)]));
  pass(10);
  await runUntil(promoter(backend, always, around), () => around.sleeps.length > 0);
  expect(await memory.size('q')).toBe(240);
  expect(calls.slice(0, 3)).toEqual(['promote', 'promote', 'promote']);
  expect(around.sleeps[0]).toBeLessThanOrEqual(290);
  expect(around.sleeps[0]).toBeGreaterThan(200);
});

describe('a duty', () => {
  /** One that notes when it was done, in a time that the test lets pass. */
  function begin(options: Partial<ConstructorParameters<typeof Duty>[0]> = {}) {
    const time = new VirtualTime(0);
    const around = { ...surroundings(), clock: time.clock() };
    const rounds: number[] = [];
    const round = async (): Promise<undefined> => void rounds.push(time.now);
    const duty = new Duty({ name: 'the duty', isOurs: always, round, ...options }, around);
    onTestFinished(async () => {
      const ended = duty.stop();
      await time.passTo(time.now + 10_000);
      await ended;
    });
    duty.start();
    return { duty, rounds, time };
  }

  test('is done when it was told to be due, and not before it is told', async () => {
    const { duty, rounds, time } = begin();
    await time.passTo(5_000);
    expect(rounds).toEqual([]);
    duty.tell(700);
    await time.passTo(5_100);
    // What is told last counts, whether it is sooner or later.
    duty.tell(50);
    duty.tell(300);
    await time.passTo(20_000);
    expect(rounds).toEqual([5_400]);
    duty.tell(100);
    duty.tell(null);
    await time.passTo(30_000);
    expect(rounds).toEqual([5_400]);
  });

  test('is done once more when a round says so', async () => {
    const waits = [200, 0, null];
    const at: number[] = [];
    const { duty, time } = begin({
      round: async () => {
        at.push(time.now);
        return waits[at.length - 1];
      },
    });
    duty.tell(0);
    await time.passTo(10_000);
    expect(at.map((instant) => Math.floor(instant / 100))).toEqual([0, 2, 2]);
  });

  test('keeps its gap, and asks what is due next when a round cannot tell', async () => {
    let asked = 0;
    const { duty, rounds, time } = begin({
      gap: 1_000,
      ask: () => {
        asked += 1;
      },
    });
    duty.tell(0);
    await time.passTo(400);
    duty.tell(0);
    await time.passTo(3_000);
    expect(rounds).toEqual([0, 1_000]);
    expect(asked).toBe(2);
  });

  test('is put off by its reprieve, once, unless it turns out not to be due', async () => {
    const { duty, rounds, time } = begin({ reprieve: 500 });
    for (let tell = 0; tell < 4; tell += 1) {
      duty.tell(0);
      await time.passTo(time.now + 100);
    }
    await time.passTo(2_000);
    expect(rounds).toEqual([500]);
    duty.tell(0);
    await time.passTo(2_300);
    duty.tell(10_000);
    await time.passTo(9_000);
    expect(rounds).toEqual([500]);
  });

  test('is done as soon as it is ours', async () => {
    let isOurs = false;
    const { duty, rounds, time } = begin({ isOurs: () => isOurs });
    duty.tell(0);
    await time.passTo(950);
    isOurs = true;
    await time.passTo(2_000);
    expect(rounds).toEqual([1_000]);
  });

  test('stays due where it fails', async () => {
    let fails = true;
    const { duty, rounds, time } = begin({
      round: async () => {
        rounds.push(time.now);
        if (fails) throw new Error('out');
        return null;
      },
    });
    duty.tell(0);
    await time.passTo(50);
    expect(rounds).toEqual([0]);
    fails = false;
    await time.passTo(5_000);
    expect(rounds).toHaveLength(2);
  });
});

test('the reclaimer takes back what dead workers owned', async () => {
  const { memory, backend, pass } = await store();
  await memory.register('dead', 1_000);
  await caller.call((call) => memory.enqueue(call, [{ ...due('a', 0) }]));
  const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
  await caller.call((call) => memory.exchange(call, { worker: 'dead', settlements: [], claim }));
  pass(1_000);
  await runUntil(reclaimer(backend, always, quiet, surroundings()), async () => (await memory.size('q')) === 1);
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
  await runUntil(grantPasser(backend, always, quiet, surroundings()), passed);
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
  const jobs = Array.from({ length: 2 * SWEEP_BUDGET - 1 }, (_, n) => due(`j${n}`, 0));
  await caller.call((call) => memory.enqueue(call, jobs));
  const claim = { queues: ['q'], count: 1_000, locks: 'take' } as const;
  const { claimed } = await caller.call((call) => memory.exchange(call, { worker: 'w', settlements: [], claim }));
  const outcome = { kind: 'failed', failure: { name: 'Error', message: 'no' } } as const;
  const settlements = claimed.map((job) => ({ job, outcome }));
  await caller.call((call) => memory.exchange(call, { worker: 'w', settlements }));
  pass(KEEP.for);
  await runUntil(janitor(backend, KEEP, always, surroundings()), async () => (await memory.stats()).failed === 0);
  expect(calls.filter((name) => name === 'expire')).toHaveLength(2);
});

/** A presence that keeps what it was told. */
function present(backend: Backend, leadership: number, around = { ...surroundings(), clock: systemClock }) {
  const replies: CheckedIn[] = [];
  const self = { worker: null, lease: 0, queues: [], types: [], keepFailed: KEEP };
  const told = (reply: CheckedIn): void => void replies.push(reply);
  const presence = new Presence({ backend, leadership, interval: leadership / 2, self: () => self, told }, around);
  onTestFinished(() => presence.stop());
  return { presence, replies };
}

test('of two candidates one leads, and the other follows when it stops', async () => {
  const { backend } = await store();
  const [first, second] = [present(backend, 60_000), present(backend, 60_000)];
  first.presence.start();
  while (!first.presence.isLeader) await systemClock.turn();
  second.presence.start();
  while (second.replies.length === 0) await systemClock.turn();
  expect(second.presence.isLeader).toBe(false);
  // Only what has reached the store for as long as a leadership may take it that all who live have renewed their leases.
  expect(first.presence.isSettled).toBe(false);
  await first.presence.stop();
  expect(first.presence.isLeader).toBe(false);
  // Called at once, and not when half a minute is over.
  while (!second.presence.isLeader) await systemClock.turn();
});

test('one that has long reached the store may reclaim as soon as it leads, which is when the other is over', async () => {
  const time = new VirtualTime(0);
  const memory = await open({ clock: time.clock() });
  const around = { ...surroundings(), clock: time.clock() };
  let death: Promise<void> | undefined;
  const mortal = new Proxy(memory, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        await death;
        return Reflect.apply(value, target, args);
      };
    },
  });
  const [first, second] = [present(mortal, 4_000, around), present(memory, 4_000, around)];
  first.presence.start();
  await time.passTo(1);
  second.presence.start();
  await time.passTo(4_500);
  expect(first.presence.isSettled).toBe(true);
  let revive = (): void => undefined;
  death = new Promise((resolve) => {
    revive = resolve;
  });
  // It has checked in at 4 s, or a moment later.
  await time.passTo(7_999);
  expect(second.presence.isLeader).toBe(false);
  await time.passTo(8_050);
  expect(second.presence.isSettled).toBe(true);
  revive();
  const ended = Promise.all([first.presence.stop(), second.presence.stop()]);
  await time.passTo(60_000);
  await ended;
});

test('a leader that is cut off leads no longer than its lease, and is settled anew', async () => {
  const { backend, setOut } = await store();
  const { presence } = present(backend, 100);
  presence.start();
  while (!presence.isSettled) await systemClock.sleep(5);
  setOut(true);
  while (presence.isLeader) await systemClock.sleep(5);
  await systemClock.sleep(100);
  setOut(false);
  while (!presence.isLeader) await systemClock.turn();
  // Others may have been cut off as well.
  expect(presence.isSettled).toBe(false);
});

test('one that is asked to checks in at once, with what it is then', async () => {
  const { backend } = await store();
  let worker: string | null = null;
  const workers: (string | null)[] = [];
  const presence = new Presence(
    {
      ...{ backend, leadership: 60_000, interval: 30_000 },
      self: () => ({ worker, lease: 1_000, queues: [], types: [], keepFailed: KEEP }),
      told: (_, self) => void workers.push(self.worker),
    },
    { ...surroundings(), clock: systemClock },
  );
  onTestFinished(() => presence.stop());
  presence.start();
  while (workers.length === 0) await systemClock.turn();
  worker = 'w';
  presence.ask();
  while (workers.length === 1) await systemClock.turn();
  expect(workers).toEqual([null, 'w']);
});

const LEADING = new Set(['diagnose', 'expire', 'passGrants', 'promote', 'reclaim']);

test('the scheduler does what the check-in says, and nothing but check in where that is nothing', async () => {
  const { memory, backend, calls, pass } = await store();
  const around = { ...surroundings(), clock: systemClock };
  const replies: CheckedIn[] = [];
  const options = {
    ...{ backend, types: ['t'], leadership: 150, interval: 20, keepFailed: KEEP },
    self: () => ({ worker: null, lease: 0, queues: [] }),
    told: (reply: CheckedIn) => void replies.push(reply),
  };
  const leader = new Scheduler(options, around);
  leader.start();
  while (replies.length < 20) await systemClock.sleep(5);
  expect(new Set(calls)).toEqual(new Set(['checkIn', 'waitForCall', 'diagnose']));
  calls.length = 0;
  await memory.register('dead', 1_000);
  await caller.call((call) => memory.enqueue(call, [due('a', 0), due('b', 500)]));
  const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
  await caller.call((call) => memory.exchange(call, { worker: 'dead', settlements: [], claim }));
  pass(1_000);
  while ((await memory.size('q')) < 2) await systemClock.sleep(5);
  expect(calls).toContain('promote');
  expect(calls).toContain('reclaim');

  const other = new Scheduler(options, around);
  await caller.call((call) => memory.enqueue(call, [due('late', 60_000)]));
  calls.length = 0;
  const before = replies.length;
  other.start();
  while (!replies.slice(before).some(({ leads }) => !leads)) await systemClock.turn();
  expect(other.isLeader).toBe(false);
  expect(calls.filter((name) => LEADING.has(name))).toEqual([]);
  await Promise.all([leader.stop(), other.stop()]);
  expect(calls).toContain('resign');
});

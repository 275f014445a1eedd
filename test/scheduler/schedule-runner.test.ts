// How the ticks of schedules are fired, in virtual time: what was missed, what overlaps, and what must not keep others up.

import { describe, expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { Caller } from '../../src/contract/call.ts';
import { defineJob } from '../../src/core/job.ts';
import type { Surroundings } from '../../src/runtime/surroundings.ts';
import { Presence } from '../../src/scheduler/presence.ts';
import { scheduleRunner } from '../../src/scheduler/schedule-runner.ts';
import { pauseSchedule, removeSchedule, resumeSchedule, upsertSchedule } from '../../src/schedules/acts.ts';
import { checkSchedule, type RecurringOptions } from '../../src/schedules/options.ts';
import { VirtualTime } from '../harness/virtual-time.ts';

const job = defineJob({ type: 'work', queue: 'q' }).job();
const MINUTE = 60_000;
const START = Date.parse('2026-01-01T00:00:30Z');

/** As `12:00:30`. */
function timeOf(instant: number): string {
  return new Date(instant).toISOString().slice(11, 19);
}

/** A store and the one who fires its schedules, in a time that the test lets pass. */
async function begin() {
  const time = new VirtualTime(START);
  const clock = time.clock();
  const backend = await open({ clock });
  const lines: { readonly level: string; readonly message: string; readonly schedule?: unknown }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ ...fields, level, message });
  const surroundings: Surroundings = {
    ...{ clock, random: () => 0, failed: () => undefined },
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
  const caller = new Caller('test');
  const actor = { backend, caller };
  const runner = scheduleRunner(backend, () => true, surroundings);
  const self = { worker: null, lease: 0, queues: [], types: [], keepFailed: { for: null, count: null } };
  const presence = new Presence(
    { backend, leadership: MINUTE, interval: 2_000, self: () => self, told: ({ due }) => runner.tell(due.fire) },
    surroundings,
  );
  await backend.register('w', 1_000 * MINUTE);
  onTestFinished(async () => {
    const quiet = Promise.all([presence.stop(), runner.stop()]);
    await time.passTo(time.now + 10 * MINUTE);
    await quiet;
    await backend.close();
  });
  const queued = () => backend.list({ state: 'waiting', queue: 'q' }, 0, 1_000);
  return {
    /** Lets it tick, as the leader. */
    start: (): void => {
      presence.start();
      runner.start();
    },
    ...{ backend, actor, lines, time, queued },
    pass: (milliseconds: number) => time.passTo(time.now + milliseconds),
    upsert: (name: string, options: Omit<RecurringOptions, 'job'>) =>
      upsertSchedule(actor, checkSchedule(name, { job, ...options } as RecurringOptions), null),
    /** Runs the job that has waited longest. */
    work: async (): Promise<void> => {
      const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
      const take = await caller.call((call) => backend.exchange(call, { worker: 'w', settlements: [], claim }));
      const settlements = take.claimed.map((claimed) => ({ job: claimed, outcome: { kind: 'completed' } as const }));
      await caller.call((call) => backend.exchange(call, { worker: 'w', settlements }));
    },
    /** The ticks whose jobs wait, as `12:00:30`. */
    ticks: async (name: string): Promise<string[]> => {
      const ids = (await queued()).filter((id) => id.startsWith(`${name}:`));
      return ids.map((id) => timeOf(Date.parse(id.slice(name.length + 1))));
    },
  };
}

const ended = (at: number) => new Date(START + at);

test('ticks are fired at their instants, by those who were there and by those who were written later', async () => {
  const { upsert, start, pass, time, backend, ticks } = await begin();
  await upsert('a', { every: '1m' });
  start();
  await pass(29_999);
  expect(await ticks('a')).toEqual([]);
  await pass(1);
  expect(timeOf(time.now)).toBe('00:01:00');
  expect(await ticks('a')).toEqual(['00:01:00']);
  expect(await backend.find('a:2026-01-01T00:01:00.000Z')).toMatchObject({
    job: { enqueuedAt: time.now, extras: { schedule: { name: 'a', tick: time.now } } },
  });
  // Whoever waits for a later one learns of it at once.
  await upsert('b', { cron: '*/10 * * * * *' });
  await pass(10_000);
  expect(await ticks('b')).toEqual(['00:01:10']);
});

describe('what was missed', () => {
  test.each([
    ['latest', 'latest', ['00:05:00']],
    ['a bounded number', { all: 3 }, ['00:03:00', '00:04:00', '00:05:00']],
    ['all of them', { all: 100 }, ['00:01:00', '00:02:00', '00:03:00', '00:04:00', '00:05:00']],
    ['none, but for one that is hardly late', 'none', ['00:05:00']],
  ] as const)('%s', async (_, catchUp, expected) => {
    const { upsert, start, pass, ticks } = await begin();
    await upsert('a', { every: '1m', catchUp });
    await pass(5 * MINUTE);
    start();
    await pass(1_000);
    expect(await ticks('a')).toEqual(expected);
    await pass(30_000);
    expect(await ticks('a')).toEqual([...expected, '00:06:00']);
  });

  test('none: what is more than a minute late is dropped, and told of', async () => {
    const { upsert, start, pass, ticks, lines } = await begin();
    await upsert('a', { every: '10m', catchUp: 'none' });
    await pass(15 * MINUTE);
    start();
    await pass(1_000);
    expect(await ticks('a')).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', schedule: 'a', fired: null }));
    await pass(5 * MINUTE);
    expect(await ticks('a')).toEqual(['00:20:00']);
  });

  test('a schedule that has ended meanwhile still has what it missed', async () => {
    const { upsert, start, pass, ticks, backend } = await begin();
    await upsert('a', { every: '1m', end: ended(3 * MINUTE), catchUp: { all: 10 } });
    await pass(30 * MINUTE);
    start();
    await pass(1_000);
    expect(await ticks('a')).toEqual(['00:01:00', '00:02:00', '00:03:00']);
    expect(await backend.schedules.find('a')).toMatchObject({ due: null });
  });
});

describe('a tick while the job of the one before has not ended', () => {
  test('allow: it is fired', async () => {
    const { upsert, start, pass, ticks } = await begin();
    await upsert('a', { every: '1m' });
    start();
    await pass(3 * MINUTE);
    expect(await ticks('a')).toEqual(['00:01:00', '00:02:00', '00:03:00']);
  });

  test('skip: it is dropped, and told of', async () => {
    const { upsert, start, pass, ticks, work, lines } = await begin();
    await upsert('a', { every: '1m', overlap: 'skip' });
    start();
    await pass(3 * MINUTE);
    expect(await ticks('a')).toEqual(['00:01:00']);
    const dropped = 'a tick was dropped: the job of the one before has not ended';
    expect(lines.filter(({ message }) => message === dropped)).toHaveLength(2);
    await work();
    await pass(MINUTE);
    expect(await ticks('a')).toEqual(['00:04:00']);
  });

  test('wait: it is fired when that has ended, one for all that came meanwhile', async () => {
    const { upsert, start, pass, ticks, work } = await begin();
    await upsert('a', { every: '1m', overlap: 'wait' });
    start();
    await pass(3 * MINUTE + 10_000);
    expect(await ticks('a')).toEqual(['00:01:00']);
    await work();
    await pass(1_000);
    expect(await ticks('a')).toEqual(['00:03:00']);
    await work();
    await pass(30_000);
    expect(await ticks('a')).toEqual(['00:04:00']);
  });

  test('wait, and all are caught up: one after another', async () => {
    const { upsert, start, pass, ticks, work } = await begin();
    await upsert('a', { every: '1m', overlap: 'wait', catchUp: { all: 10 } });
    start();
    await pass(3 * MINUTE);
    for (const tick of ['00:01:00', '00:02:00', '00:03:00']) {
      expect(await ticks('a')).toEqual([tick]);
      await work();
      await pass(1_000);
    }
    expect(await ticks('a')).toEqual([]);
  });

  test('a job that has failed has ended, and one that waits for its next attempt has not', async () => {
    const { upsert, start, pass, ticks, actor, backend } = await begin();
    await upsert('a', { every: '1m', overlap: 'skip' });
    start();
    await pass(MINUTE);
    const settle = async (outcome: 'retry' | 'failed'): Promise<void> => {
      const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
      const { claimed } = await actor.caller.call((call) =>
        backend.exchange(call, { worker: 'w', settlements: [], claim }),
      );
      const failure = { name: 'Error', message: 'no' };
      const settlements = claimed.map((each) => ({
        job: each,
        outcome: outcome === 'retry' ? { kind: outcome, delay: 80_000, failure } : { kind: outcome, failure },
      }));
      await actor.caller.call((call) => backend.exchange(call, { worker: 'w', settlements }));
    };
    await settle('retry');
    await pass(MINUTE);
    expect(await ticks('a')).toEqual([]);
    await pass(25_000);
    await backend.promote(10);
    await settle('failed');
    await pass(10_000);
    expect(await ticks('a')).toEqual(['00:03:00']);
  });
});

test('one that is paused is not fired, and goes on with the tick after it is resumed', async () => {
  const { upsert, start, pass, ticks, actor } = await begin();
  await upsert('a', { every: '1m', catchUp: { all: 10 } });
  start();
  await pass(MINUTE);
  await pauseSchedule(actor, 'a', {});
  await pass(3 * MINUTE);
  await resumeSchedule(actor, 'a');
  await pass(MINUTE);
  expect(await ticks('a')).toEqual(['00:01:00', '00:05:00']);
  await removeSchedule(actor, 'a');
  await pass(3 * MINUTE);
  expect(await ticks('a')).toHaveLength(2);
});

test('hundreds that wait, and some that cannot be fired, keep nobody up', async () => {
  const { upsert, start, pass, ticks, backend, lines, queued } = await begin();
  for (let n = 0; n < 250; n += 1) await upsert(`waiting-${n}`, { every: '1m', overlap: 'wait' });
  const call = { client: 'enemy', sequence: 1, floor: 1 };
  const found = { due: 1, replaces: null };
  await backend.schedules.write(call, { ...found, name: 'damaged', text: '{"timing": 1}' });
  // As a newer release might write it, whose time zone this machine does not know.
  const timing = { cron: '* * * * *', timezone: 'Mars/Olympus' };
  const stored = (await backend.schedules.find('waiting-0'))?.text ?? '';
  const text = JSON.stringify({ ...JSON.parse(stored), timing });
  await backend.schedules.write({ ...call, sequence: 2 }, { ...found, name: 'onMars', text });
  start();
  await pass(MINUTE);
  expect(await queued()).toHaveLength(250);
  // All of these are due again, and come before it.
  await upsert('late', { every: '1m', start: new Date(START + 2 * MINUTE) });
  await pass(3 * MINUTE);
  expect(await ticks('late')).toEqual(['00:02:30', '00:03:30', '00:04:30']);
  expect(await queued()).toHaveLength(253);
  // Though it is met again each second, it is told of once.
  const told = lines.filter(({ level }) => level === 'error');
  expect(told).toEqual([
    expect.objectContaining({ schedule: 'damaged', message: expect.stringContaining('damaged') }),
    expect.objectContaining({ schedule: 'onMars', message: expect.stringContaining('Mars/Olympus') }),
  ]);
});

test('a thousand that are due at once are fired at once', async () => {
  const { upsert, start, pass, queued } = await begin();
  for (let n = 0; n < 1_000; n += 1) await upsert(`s${n}`, { every: '1m' });
  start();
  await pass(30_000);
  expect(await queued()).toHaveLength(1_000);
});

test('a clock that goes back fires no tick again, and one that goes forward leaves none out', async () => {
  const { upsert, start, pass, time, ticks } = await begin();
  await upsert('a', { every: '1m', catchUp: { all: 10 } });
  start();
  await pass(2 * MINUTE);
  time.jump(-90_000);
  await pass(MINUTE);
  expect(await ticks('a')).toEqual(['00:01:00', '00:02:00']);
  time.jump(3 * MINUTE);
  await pass(2_000);
  expect(await ticks('a')).toEqual(['00:01:00', '00:02:00', '00:03:00', '00:04:00', '00:05:00']);
});

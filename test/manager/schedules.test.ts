// A manager and the schedules of its code, on each store.

import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { connect } from '../../src/client/connect.ts';
import { defineJob } from '../../src/core/job.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { defineSchedules, type ScheduleSet } from '../../src/schedules/declared.ts';
import { happened, makeManager, openStore, run, stores, storeUrl } from './stage.ts';

const ping = defineJob({ type: 'ping', input: z.object({ n: z.number() }) });
const other = defineJob({ type: 'other' });

describe.each(stores)('on %s', (name) => {
  test('its schedules are fired, and their handler knows for which tick', async () => {
    const backend = await openStore(await storeUrl(name));
    // All ticks: a process that stands still for more than a second fires those that it missed, one after another.
    const pulse = { every: '1s', catchUp: { all: 60 }, job: ping.job({ n: 7 }) } as const;
    const schedules = defineSchedules('app', { pulse });
    const seen: unknown[] = [];
    const handler = ping.handle((input, { schedule, id }) => {
      seen.push({ input, id, name: schedule?.name, tick: schedule?.tick.getTime() });
    });
    const { manager } = await run({ backend, handlers: [handler], schedules });
    expect(await happened(manager, 'enqueued')).toMatchObject([{ type: 'ping', queue: 'default' }]);
    const [first, second] = await happened(manager, 'completed', 2);
    await manager.stop();
    const ticks = [first, second].map((event) => Date.parse(event?.id.slice('pulse:'.length) ?? ''));
    expect(seen.slice(0, 2)).toEqual(
      ticks.map((tick) => ({ input: { n: 7 }, id: `pulse:${new Date(tick).toISOString()}`, name: 'pulse', tick })),
    );
    expect((ticks[1] ?? 0) - (ticks[0] ?? 0)).toBe(1_000);
    expect(ticks[0]).toBe(Math.round((ticks[0] ?? 0) / 1_000) * 1_000);
    const wingman = await connect(backend);
    expect(await wingman.schedules.get('pulse')).toMatchObject({ declaredBy: 'app', last: { tick: expect.any(Date) } });
  });

  test('what was declared before, and is not any more, is told of', async () => {
    const backend = await openStore(await storeUrl(name));
    const handlers = [ping.handle(() => undefined)];
    const job = ping.job({ n: 1 });
    const declare = async (schedules: ScheduleSet) => {
      const { manager, log } = await run({ backend, handlers, schedules });
      while (log.of('schedules declared').length === 0) await systemClock.turn();
      await manager.stop();
      return log;
    };
    const first = await declare(defineSchedules('app', { a: { every: '1h', job }, b: { every: '1h', job } }));
    expect(first.of('schedules declared')).toMatchObject([{ owner: 'app', created: ['a', 'b'], unchanged: 0 }]);
    const second = await declare(defineSchedules('app', { a: { every: '1h', job } }));
    expect(second.of('schedules declared')).toMatchObject([{ created: [], changed: [], unchanged: 1 }]);
    const message = 'a schedule is not declared in code any more: it goes on until it is removed';
    expect(second.of(message)).toMatchObject([{ level: 'warn', owner: 'app', schedule: 'b' }]);
    const third = await declare(defineSchedules('new', { a: { every: '1h', job } }));
    expect(third.lines).toContainEqual(expect.objectContaining({ level: 'warn', schedule: 'a', from: 'app' }));
  });
});

test('a schedule of a job type that it has no handler for is refused', () => {
  const schedules = defineSchedules('app', { s: { every: '1h', job: other.job() } });
  const make = () => makeManager({ backend: 'memory:', handlers: [ping.handle(() => undefined)], schedules });
  expect(make).toThrow(expect.objectContaining({ code: 'WINGMAN_SCHEDULE_INVALID' }));
  expect(make).toThrow("schedule 's': this manager has no handler for its job type 'other'");
});

test('several sets may be given, of different owners and names', () => {
  const job = other.job();
  const make = (...schedules: ScheduleSet[]) =>
    makeManager({ backend: 'memory:', handlers: [other.handle(() => undefined)], schedules });
  const a = defineSchedules('app', { a: { every: '1h', job } });
  make(a, defineSchedules('other', { b: { every: '1h', job } }));
  expect(() => make(a, defineSchedules('app', { b: { every: '1h', job } }))).toThrow('one set for each owner');
  expect(() => make(a, defineSchedules('other', { a: { every: '1h', job } }))).toThrow("schedule 'a': two sets");
  expect(() => make({} as ScheduleSet)).toThrow("option 'schedules' must be made by defineSchedules");
});

test('an input that its schema refuses keeps the manager from starting', async () => {
  const schedules = defineSchedules('app', { s: { every: '1h', job: ping.job({ n: 'x' as never }) } });
  const { manager } = makeManager({ backend: 'memory:', handlers: [ping.handle(() => undefined)], schedules });
  await expect(manager.start()).rejects.toMatchObject({ code: 'WINGMAN_INPUT_INVALID' });
});

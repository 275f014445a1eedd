import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { Loop } from '../../src/runtime/loop.ts';
import { Service } from '../../src/runtime/service.ts';
import { surroundings } from './surroundings.ts';

describe('a service', () => {
  test('starts once, and its stop settles when all is quiet', async () => {
    const steps: string[] = [];
    const service = new Service(async (stopping) => {
      steps.push('begin');
      await new Promise((resolve) => stopping.addEventListener('abort', resolve));
      await systemClock.turn();
      steps.push('end');
    });
    service.start();
    service.start();
    await systemClock.turn();
    const stops = [service.stop(), service.stop()];
    expect(steps).toEqual(['begin']);
    await Promise.all(stops);
    expect(steps).toEqual(['begin', 'end']);
    await service.stop();
  });

  test('can be started again, while it stops as well, and never runs twice at once', async () => {
    let active = 0;
    let most = 0;
    let runs = 0;
    const service = new Service(async (stopping) => {
      runs += 1;
      active += 1;
      most = Math.max(most, active);
      while (!stopping.aborted) await systemClock.turn();
      await systemClock.turn();
      active -= 1;
    });
    service.start();
    await systemClock.turn();
    void service.stop();
    service.start();
    await systemClock.turn();
    await service.stop();
    service.start();
    await service.stop();
    expect({ active, most, runs }).toEqual({ active: 0, most: 1, runs: 3 });
  });
});

describe('a loop', () => {
  test('ticks, then sleeps for as long as the tick says, or its interval', async () => {
    const around = surroundings();
    const pauses = [7, undefined, 9];
    let ticks = 0;
    const tick = async (): Promise<number | undefined> => {
      ticks += 1;
      return pauses[ticks - 1];
    };
    const loop = new Loop({ name: 'x', interval: 50, tick }, around);
    loop.start();
    while (ticks < 4) await systemClock.turn();
    await loop.stop();
    expect(around.sleeps.slice(0, 3)).toEqual([7, 50, 9]);
  });

  test('outlives errors: logs the first and the recovery, tells once, and waits longer each time', async () => {
    const around = surroundings();
    let ticks = 0;
    const tick = async (): Promise<undefined> => {
      ticks += 1;
      if (ticks <= 7) throw new Error(`tick ${ticks}`);
    };
    const loop = new Loop({ name: 'the daemon', interval: 50, tick }, around);
    loop.start();
    while (ticks < 9) await systemClock.turn();
    await loop.stop();
    expect(around.sleeps.slice(0, 8)).toEqual([100, 200, 400, 800, 1000, 1000, 1000, 50]);
    expect(around.lines).toEqual(['warn: the daemon failed; trying on until it works', 'info: the daemon works again']);
    expect(around.failures).toEqual([new Error('tick 1')]);
  });

  test('a wake ends its sleep, one that comes during a tick the next', async () => {
    const around = { ...surroundings(), clock: systemClock };
    let ticks = 0;
    const loop = new Loop(
      {
        name: 'x',
        interval: 1e9,
        tick: async () => {
          ticks += 1;
          if (ticks === 1) loop.wake();
          return undefined;
        },
      },
      around,
    );
    loop.start();
    await expect.poll(() => ticks, { interval: 1 }).toBe(2);
    await systemClock.turn();
    loop.wake();
    await expect.poll(() => ticks, { interval: 1 }).toBe(3);
    await loop.stop();
    expect(ticks).toBe(3);
  });

  test('its stop waits for the tick in flight, whose error is nobody’s business then', async () => {
    const around = surroundings();
    let end: () => void = () => {};
    const loop = new Loop(
      {
        name: 'x',
        interval: 1,
        tick: () =>
          new Promise((_, reject) => {
            end = () => reject(new Error('closed'));
          }),
      },
      around,
    );
    loop.start();
    await systemClock.turn();
    let isQuiet = false;
    const stopped = loop.stop().then(() => {
      isQuiet = true;
    });
    await systemClock.turn();
    expect(isQuiet).toBe(false);
    end();
    await stopped;
    expect(around.lines).toEqual([]);
  });
});

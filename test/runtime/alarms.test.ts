import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Alarm, Alarms } from '../../src/runtime/alarms.ts';

test('each rings once in the order of its time, and never too soon', async () => {
  const alarms = new Alarms();
  const from = performance.now();
  const rung: [number, number][] = [];
  const times = [20, 5, 12.5, 5, 1, 30];
  await Promise.all(
    times.map(
      (time) =>
        new Promise<void>((resolve) =>
          alarms.after(time, () => {
            rung.push([time, performance.now() - from]);
            resolve();
          }),
        ),
    ),
  );
  expect(rung.map(([time]) => time)).toEqual([1, 5, 5, 12.5, 20, 30]);
  for (const [time, after] of rung) expect(after).toBeGreaterThanOrEqual(time);
});

test('one that is called off does not ring, not even by another that rings at the same time', async () => {
  const alarms = new Alarms();
  const rung: string[] = [];
  const callOff: (() => void)[] = [];
  const all = new Promise<void>((resolve) => {
    alarms.after(5, () => {
      rung.push('first');
      for (const each of callOff) each();
    });
    callOff.push(alarms.after(5, () => rung.push('second')));
    alarms.after(1, () => rung.push('before'))();
    alarms.after(8, () => {
      rung.push('last');
      resolve();
    });
  });
  // All of them are due when the timer comes.
  const until = performance.now() + 10;
  while (performance.now() < until);
  await all;
  for (const each of callOff) each();
  expect(rung).toEqual(['first', 'last']);
});

class Bell extends Alarm {
  readonly rung: number[] = [];

  ring(): void {
    this.rung.push(performance.now());
  }
}

test('one that is set anew rings at its new time only, be that sooner or later', async () => {
  const alarms = new Alarms();
  const [sooner, later, never] = [new Bell(), new Bell(), new Bell()];
  const from = performance.now();
  alarms.set(sooner, 1e6);
  alarms.set(sooner, 4);
  alarms.set(later, 2);
  alarms.set(later, 12);
  alarms.set(never, 3);
  alarms.callOff(never);
  alarms.callOff(never);
  // By a clock that was read before.
  const early = new Bell();
  alarms.set(early, 1e6, from - 1e6 + 8);
  await new Promise<void>((resolve) => alarms.after(20, resolve));
  expect([sooner, early, later, never].map(({ rung }) => rung.length)).toEqual([1, 1, 1, 0]);
  const [[a = 0], [b = 0], [c = 0]] = [sooner.rung, early.rung, later.rung];
  expect(a - from).toBeGreaterThanOrEqual(4);
  expect(b - from).toBeGreaterThanOrEqual(8);
  expect(c - from).toBeGreaterThanOrEqual(12);
});

test('one that another sets anew at the time of both does not ring at that time', async () => {
  const alarms = new Alarms();
  const put = new Bell();
  const from = performance.now();
  alarms.after(2, () => alarms.set(put, 10));
  alarms.set(put, 3);
  // Both are due when the timer comes.
  while (performance.now() < from + 6);
  await new Promise<void>((resolve) => alarms.after(20, resolve));
  expect(put.rung).toHaveLength(1);
  expect((put.rung[0] ?? 0) - from).toBeGreaterThanOrEqual(16);
});

test('of many that are called off in any order, those that are left ring', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      async (areLeft, numbers) => {
        const alarms = new Alarms();
        const rung: number[] = [];
        const set = areLeft.map((isLeft, at) => ({ isLeft, at, callOff: alarms.after(2, () => rung.push(at)) }));
        const off = set.filter(({ isLeft }) => !isLeft);
        while (off.length > 0) off.splice((numbers.next().value ?? 0) % off.length, 1)[0]?.callOff();
        await new Promise<void>((resolve) => alarms.after(3, resolve));
        expect(rung.sort((one, other) => one - other)).toEqual(set.filter(({ isLeft }) => isLeft).map(({ at }) => at));
      },
    ),
    { numRuns: 50 },
  );
});

test('one may set another, and what one throws is nobody’s and costs none of the others', async () => {
  const alarms = new Alarms();
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  try {
    const thrown = once(process, 'uncaughtException');
    const rung = new Promise((resolve) => {
      alarms.after(1, () => {
        throw new Error('mine');
      });
      alarms.after(1, () => alarms.after(0, () => resolve('rung')));
    });
    expect(await rung).toBe('rung');
    expect(await thrown).toEqual([expect.objectContaining({ message: 'mine' }), expect.anything()]);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
});

test('what rings runs in nobody’s asynchronous context', async () => {
  const alarms = new Alarms();
  const storage = new AsyncLocalStorage<string>();
  const seen = await new Promise((resolve) => {
    storage.run('of one who set the timer', () => alarms.after(1, () => resolve(storage.getStore())));
  });
  expect(seen).toBeUndefined();
});

test.each([
  [
    'is called off',
    'const off = [0, 1, 2].map(() => alarms.after(1e6, () => {})); for (const at of [0, 2, 1]) off[at](); console.log("end");',
    'end\n',
  ],
  ['is to ring', 'alarms.after(1e6, () => {})(); alarms.after(5, () => console.log("rung"));', 'rung\n'],
])('the process ends when the last of them %s', (_, program, printed) => {
  const module = new URL('../../dist/runtime/alarms.js', import.meta.url).href;
  const code = `import { Alarms } from ${JSON.stringify(module)}; const alarms = new Alarms(); ${program}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect({ stdout, status }, stderr).toEqual({ stdout: printed, status: 0 });
});

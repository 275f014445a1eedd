import { expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';

test('a callback is called once after its time, unless it is cancelled before', async () => {
  const calls: string[] = [];
  const cancel = systemClock.after(1, () => calls.push('cancelled'));
  cancel();
  await new Promise<void>((resolve) =>
    systemClock.after(5, () => {
      calls.push('called');
      resolve();
    }),
  );
  expect(calls).toEqual(['called']);
});

test('a time longer than a timer can be does not pass at once', async () => {
  const warnings: unknown[] = [];
  const listener = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listener);
  let isCalled = false;
  const cancel = systemClock.after(2 ** 40, () => {
    isCalled = true;
  });
  await systemClock.sleep(5);
  cancel();
  process.off('warning', listener);
  expect(isCalled).toBe(false);
  expect(warnings).toEqual([]);
});

test('a turn is over when all that was ready has run', async () => {
  const steps: string[] = [];
  const turn = systemClock.turn().then(() => steps.push('turn'));
  for (let index = 0; index < 3; index += 1) {
    await Promise.resolve();
    steps.push('microtask');
  }
  await turn;
  expect(steps).toEqual(['microtask', 'microtask', 'microtask', 'turn']);
});

test('a sleep ends at once when its signal aborts', async () => {
  const stop = new AbortController();
  const sleep = systemClock.sleep(1e9, stop.signal);
  stop.abort();
  expect(await sleep).toBe(false);
  expect(await systemClock.sleep(1e9, stop.signal)).toBe(false);
  expect(await systemClock.sleep(1)).toBe(true);
});

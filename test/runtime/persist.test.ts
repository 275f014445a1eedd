import { expect, test } from 'vitest';
import { WingmanError } from '../../src/core/errors.ts';
import { settlesWithin, untilAborted } from '../../src/runtime/abort.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { persist } from '../../src/runtime/persist.ts';
import { surroundings } from './surroundings.ts';

const never = new AbortController().signal;

test('what fails is repeated until it works, with growing waits and two lines in the log', async () => {
  const around = surroundings();
  let tries = 0;
  const send = async (): Promise<string> => {
    tries += 1;
    if (tries < 4) throw new Error(`try ${tries}`);
    return 'reply';
  };
  expect(await persist(send, 'the call', around, never)).toBe('reply');
  expect(around.sleeps).toEqual([100, 200, 400]);
  expect(around.lines).toEqual(['warn: the call failed; trying on until it works', 'info: the call works again']);
  expect(around.failures).toEqual([new Error('try 1')]);
});

test('it ends with the signal’s reason, even while a call hangs', async () => {
  const around = surroundings();
  const stop = new AbortController();
  const hanging = persist(() => new Promise(() => {}), 'the call', around, stop.signal);
  stop.abort(new Error('enough'));
  await expect(hanging).rejects.toThrow('enough');

  const refused = persist(() => Promise.reject(new Error('no')), 'the call', around, stop.signal);
  await expect(refused).rejects.toThrow('enough');
});

test('a backend that was closed is not tried again', async () => {
  const closed = new WingmanError('WINGMAN_BACKEND_CLOSED', 'closed');
  await expect(persist(() => Promise.reject(closed), 'the call', surroundings(), never)).rejects.toBe(closed);
});

test('a wait that was aborted leaves no listener and no unhandled rejection behind', async () => {
  const stop = new AbortController();
  let reject: (error: Error) => void = () => {};
  const late = new Promise((_, refuse) => {
    reject = refuse;
  });
  const waiting = untilAborted(late, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
  reject(new Error('late'));
  await systemClock.turn();
  expect(await untilAborted(Promise.resolve(1), never)).toBe(1);
});

test('whether a promise settles in time is told for rejections too', async () => {
  expect(await settlesWithin(Promise.reject(new Error('x')), 1_000, systemClock)).toBe(true);
  expect(await settlesWithin(new Promise(() => {}), 1, systemClock)).toBe(false);
});

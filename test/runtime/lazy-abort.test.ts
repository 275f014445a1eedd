import { expect, test } from 'vitest';
import { LazyAbortController } from '../../src/runtime/lazy-abort.ts';

test('its signal is one, and aborts with it, whether it was asked for before or after', () => {
  const early = new LazyAbortController();
  const { signal } = early;
  expect(early.signal).toBe(signal);
  expect([signal.aborted, early.aborted]).toEqual([false, false]);
  const reason = new Error('enough');
  early.abort(reason);
  expect([signal.aborted, signal.reason, early.reason]).toEqual([true, reason, reason]);
  const late = new LazyAbortController();
  late.abort(reason);
  expect([late.aborted, late.signal.aborted, late.signal.reason]).toEqual([true, true, reason]);
});

test('it aborts once, and its watcher hears of it after those who listen to the signal', () => {
  const controller = new LazyAbortController();
  const told: string[] = [];
  controller.watcher = { aborted: () => told.push('watcher') };
  controller.signal.addEventListener('abort', () => told.push('listener'));
  controller.abort('first');
  controller.abort('second');
  expect(told).toEqual(['listener', 'watcher']);
  expect(controller.reason).toBe('first');
});

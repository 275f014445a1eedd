import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withAnyOf } from '../../src/runtime/abort.ts';

const reasonOf = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

test('what is done ends with the first of several signals, and for its reason', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const done = withAnyOf([first.signal, undefined, second.signal], reasonOf);
  second.abort('second');
  first.abort('first');
  expect(await done).toBe('second');
});

test('a signal that has aborted before ends it at once', async () => {
  expect(await withAnyOf([new AbortController().signal, AbortSignal.abort('before')], reasonOf)).toBe('before');
});

test('nothing is left in a signal that lives on, however it ended', async () => {
  const { signal } = new AbortController();
  expect(await withAnyOf([signal], async (any) => any.aborted)).toBe(false);
  await expect(withAnyOf([signal], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

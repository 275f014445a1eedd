// How many jobs one enqueue takes.

import { expect, test } from 'vitest';
import { batchesOf } from '../../src/client/outbox.ts';
import { MOST_CHARACTERS } from '../../src/contract/backend.ts';
import type { NewJob } from '../../src/core/envelope.ts';

const lock = { key: 'k', concurrency: 1 };

/** The sizes of the batches of a thousand such jobs. */
function sizesOf(fields: Partial<NewJob>, most?: number): number[] {
  const jobs = Array.from({ length: 1_000 }, (_, index) => ({
    ...{ id: `job-${index}`, type: 't', queue: 'q', payload: '{}', locks: [] },
    ...fields,
  }));
  const batches = batchesOf(jobs, (job) => job, most);
  expect(batches.flat()).toEqual(jobs);
  return batches.map((batch) => batch.length);
}

test.each<[name: string, fields: Partial<NewJob>, size: number]>([
  ['has nothing particular about it', {}, 500],
  ['has a lock', { locks: [lock] }, 333],
  ['has locks that only a manager can tell', { locks: null }, 500],
  ['is due later', { due: { in: 1_000 } }, 250],
  ['has a priority', { extras: { priority: 7 } }, 166],
  ['has a deadline', { extras: { deadline: { in: 1_000 } } }, 500],
  ['is unique', { extras: { unique: { key: 'k', while: 'waiting' } } }, 55],
  ['is large', { payload: 'x'.repeat(MOST_CHARACTERS / 8) }, 8],
  ['is larger than a step is', { payload: 'x'.repeat(MOST_CHARACTERS + 1) }, 1],
])('one call takes fewer jobs the more there is to do: each %s', (_, fields, size) => {
  const sizes = sizesOf(fields);
  expect(sizes.slice(0, -1).every((one) => one === size)).toBe(true);
  expect(sizes.at(-1)).toBeLessThanOrEqual(size);
});

test('and no more than it is asked to', () => {
  expect(sizesOf({}, 300)).toEqual([300, 300, 300, 100]);
  expect(sizesOf({}, 900)).toEqual([500, 500]);
  expect(sizesOf({ due: { in: 1 } }, 300).slice(0, -1)).toEqual([250, 250, 250]);
});

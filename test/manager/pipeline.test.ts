// How many exchanges are under way at once, and for how many jobs.

import { expect, test } from 'vitest';
import type { ExchangeRequest, Settlement } from '../../src/contract/backend.ts';
import { batchSize, Pipeline } from '../../src/manager/pipeline.ts';
import { systemClock } from '../../src/runtime/clock.ts';

const claim = (count: number): ExchangeRequest => ({
  worker: 'w',
  settlements: [],
  claim: { queues: ['q'], count, locks: 'take' },
});

function make({ concurrency = 100, overlaps = true } = {}) {
  const time = { now: 10_000 };
  const clock = { ...systemClock, monotonic: () => time.now };
  return { time, pipeline: new Pipeline({ concurrency, overlaps, mostOverlap: 1_000 }, clock) };
}

/** A claim that gets this much. */
function exchange(pipeline: Pipeline, count: number, claimed = count): boolean {
  const request = claim(count);
  pipeline.begin(request, false);
  pipeline.end(request);
  return pipeline.answered(request, claimed);
}

test('there is one at a time, for all slots, until a claim has got all that it asked for; then two, each for half', () => {
  const { pipeline } = make();
  expect(pipeline.share).toBe(200);
  expect(exchange(pipeline, 100)).toBe(true);
  expect(pipeline.share).toBe(50);
  const [first, second] = [claim(50), claim(50)];
  expect(pipeline.mayBegin(50)).toBe(true);
  pipeline.begin(first, false);
  expect([pipeline.claims, pipeline.isEmpty]).toEqual([50, false]);
  // A second one for a few jobs is not worth it.
  expect([pipeline.mayBegin(24), pipeline.mayBegin(25)]).toEqual([false, true]);
  pipeline.begin(second, false);
  expect([pipeline.claims, pipeline.mayBegin(50)]).toEqual([100, false]);
  pipeline.end(first);
  expect(pipeline.answered(first, 50)).toBe(false);
  pipeline.end(second);
  // It was under way beside another.
  expect(pipeline.answered(second, 20)).toBe(false);
  // It came short.
  expect(pipeline.share).toBe(200);
});

test('now and then an exchange is made alone', () => {
  const { pipeline, time } = make();
  exchange(pipeline, 100);
  pipeline.begin(claim(50), false);
  time.now += 999;
  expect(pipeline.mayBegin(50)).toBe(true);
  time.now += 1;
  expect(pipeline.mayBegin(50)).toBe(false);
});

test.each([{ overlaps: false }, { concurrency: 7 }])('there is never a second one with %j', (options) => {
  const { pipeline } = make(options);
  exchange(pipeline, 5);
  pipeline.begin(claim(5), false);
  expect(pipeline.mayBegin(200)).toBe(false);
});

test('a batch is as large as asked for, and its results no larger than 4 MiB, but for a single one', () => {
  const settled = (characters: number): Settlement => ({
    job: {
      ...{ id: 'a', type: 't', queue: 'q', payload: '', locks: [], attempts: 0, crashes: 0, sequence: 1 },
      ...{ enqueuedAt: 0, worker: 'w', token: '1' },
    },
    outcome: { kind: 'completed', result: 'x'.repeat(characters) },
  });
  expect(
    batchSize(
      Array.from({ length: 7 }, () => settled(1)),
      5,
    ),
  ).toBe(5);
  expect(
    batchSize(
      Array.from({ length: 7 }, () => settled(1_500_000)),
      5,
    ),
  ).toBe(2);
  expect(batchSize([settled(9_000_000), settled(1)], 5)).toBe(1);
});

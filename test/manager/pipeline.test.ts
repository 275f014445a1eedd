// How many exchanges are under way at once, and for how many jobs.

import { expect, test } from 'vitest';
import type { ExchangeRequest, Settlement } from '../../src/contract/backend.ts';
import type { ClaimedJob } from '../../src/core/envelope.ts';
import type { Outcome } from '../../src/core/outcome.ts';
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
function exchange(pipeline: Pipeline, count: number, answer = got(count)): boolean {
  const request = claim(count);
  pipeline.begin(request, false);
  pipeline.end(request);
  return pipeline.answered(request, answer);
}

const job: ClaimedJob = {
  ...{ id: 'a', type: 't', queue: 'q', payload: '', locks: [], attempts: 0, crashes: 0, sequence: 1 },
  ...{ enqueuedAt: 0, worker: 'w', token: '1' },
};

function got(count: number, more = false) {
  return { claimed: Array.from({ length: count }, () => job), more };
}

test('there is one at a time, for all slots, until a claim has got all that it asked for; then two, each for half', () => {
  const { pipeline } = make();
  expect(pipeline.share).toBe(100);
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
  expect(pipeline.answered(first, got(50))).toBe(false);
  pipeline.end(second);
  // It was under way beside another.
  expect(pipeline.answered(second, got(20))).toBe(false);
  // It came short.
  expect(pipeline.share).toBe(100);
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

test('a claim that came short since its step was full has not emptied the queues', () => {
  const { pipeline } = make();
  exchange(pipeline, 100, got(3, true));
  expect([pipeline.isBusy, pipeline.share]).toEqual([true, 50]);
  exchange(pipeline, 50, got(3));
  expect([pipeline.isBusy, pipeline.share]).toEqual([false, 100]);
});

const completed: Outcome = { kind: 'completed' };

/** How many of two hundred of these are settled at once. */
function sizeOf(outcome: Outcome, fields: Partial<ClaimedJob> = {}, most = 1_000): number {
  const settlement: Settlement = { job: { ...job, ...fields }, outcome };
  return batchSize(new Array<Settlement>(200).fill(settlement), most);
}

test('a batch is as large as asked for, and no more work than one step may be', () => {
  const locks = ['a', 'b', 'c', 'd'].map((key) => ({ key, concurrency: 1 }));
  expect(sizeOf(completed, {}, 5)).toBe(5);
  expect(sizeOf(completed)).toBe(100);
  expect(sizeOf(completed, { locks: locks.slice(0, 1) })).toBe(40);
  expect(sizeOf(completed, { locks })).toBe(14);
  expect(sizeOf({ kind: 'released' })).toBe(50);
  expect(sizeOf({ ...completed, keep: { for: 1_000, count: null } })).toBe(50);
  expect(sizeOf(completed, { payload: 'x'.repeat(300_000) })).toBe(20);
  expect(sizeOf(completed, { payload: 'x'.repeat(30_000_000) })).toBe(1);
});

test('the results of a batch are no larger than a step may take in, but for a single one', () => {
  const result = (characters: number): Outcome => ({ ...completed, result: 'x'.repeat(characters) });
  expect(sizeOf(result(1), {}, 5)).toBe(5);
  expect(sizeOf(result(100_000), {}, 5)).toBe(2);
  expect(sizeOf(result(9_000_000), {}, 5)).toBe(1);
});

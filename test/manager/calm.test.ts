// Whether a claim is left with the store beside what is settled, or goes with it.

import { beforeEach, expect, test } from 'vitest';
import { Calm } from '../../src/manager/calm.ts';
import { systemClock } from '../../src/runtime/clock.ts';

const time = { now: 0 };
let calm: Calm;

beforeEach(() => {
  time.now = 10_000;
  calm = new Calm({ ...systemClock, monotonic: () => time.now });
});

/** What is settled takes 2 ms to be answered, and the claim beside it is answered so many milliseconds later. */
function part(claimedAfter: number): boolean {
  calm.parted();
  time.now += 2;
  calm.settled();
  time.now += claimedAfter;
  calm.woken();
  return calm.isCalm;
}

test('it is calm when whoever settled has found nothing, until one has found something', () => {
  expect(calm.isCalm).toBe(false);
  calm.looked(0);
  expect(calm.isCalm).toBe(true);
  calm.looked(1);
  expect(calm.isCalm).toBe(false);
});

test('it stays so while claims have to wait for their work', () => {
  calm.looked(0);
  for (const after of [2, 3, 1_000]) expect(part(after)).toBe(true);
});

test('it ends where there was work for the claim: it was answered at once', () => {
  for (const after of [0, 1.9]) {
    calm.looked(0);
    expect(part(after)).toBe(false);
  }
});

test('or even before what was settled', () => {
  calm.looked(0);
  calm.parted();
  time.now += 1_000;
  calm.woken();
  expect(calm.isCalm).toBe(false);
  calm.settled();
  expect(calm.isCalm).toBe(false);
});

test('a claim that was left with the store after a look has waited, however soon it is answered', () => {
  calm.looked(0);
  expect(part(1_000)).toBe(true);
  calm.looked(0);
  calm.woken();
  expect(calm.isCalm).toBe(true);
});

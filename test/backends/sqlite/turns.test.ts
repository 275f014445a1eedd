import { describe, expect, test } from 'vitest';
import { Turns } from '../../../src/backends/sqlite/turns.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { enqueue, newJob, newPath, openInside } from './stage.ts';

/** Turns by a clock that stands still until it is moved on. */
class Hand {
  #time = 0;
  readonly #turns = new Turns({ ...systemClock, monotonic: () => this.#time });

  pass(milliseconds: number): void {
    this.#time += milliseconds;
  }

  /** A write that takes so long. Returns the gap before it. */
  write(milliseconds: number, version = 1): number | null {
    const gap = this.#turns.gap();
    this.pass((gap ?? 0) + milliseconds);
    this.#turns.wrote(version);
    return gap;
  }

  /** Writes of one millisecond each, without a pause. */
  writes(count: number, version = 1): (number | null)[] {
    return Array.from({ length: count }, () => this.write(1, version));
  }
}

describe('turns', () => {
  test('the first write begins at once, and so does one after a pause', () => {
    const hand = new Hand();
    expect(hand.write(1)).toBeNull();
    hand.pass(2);
    expect(hand.write(1)).toBeNull();
  });

  test('writes that follow each other leave a round of the event loop every 10 ms', () => {
    const hand = new Hand();
    const none = Array.from({ length: 9 }, () => null);
    expect(hand.writes(31)).toEqual([null, ...none, 0, ...none, 0, ...none, 0]);
  });

  test('a pause of the caller begins a streak anew', () => {
    const hand = new Hand();
    hand.writes(9);
    hand.pass(2);
    expect(hand.writes(10)).toEqual(Array.from({ length: 10 }, () => null));
    expect(hand.write(1)).toBe(0);
  });

  test('a write that took longer than a streak is followed by a gap', () => {
    const hand = new Hand();
    hand.write(50);
    expect(hand.write(50)).toBe(0);
  });

  test('where another process wrote lately, the gap is long enough for it', () => {
    const hand = new Hand();
    hand.writes(5, 1);
    hand.writes(1, 2);
    const [gap] = hand.writes(11, 2).filter((each) => each !== null);
    expect(gap).toBe(2);
  });

  test('a write of another process within a streak was a gap: the streak begins anew', () => {
    const hand = new Hand();
    hand.writes(9, 1);
    hand.writes(1, 2);
    expect(hand.writes(10, 2)).toEqual(Array.from({ length: 10 }, () => null));
    expect(hand.write(1, 2)).toBe(2);
  });

  test('after a second without others the gaps are short again', () => {
    const hand = new Hand();
    hand.writes(1, 1);
    hand.writes(1, 2);
    const gaps = hand.writes(1_100, 2).filter((gap) => gap !== null);
    expect(gaps[0]).toBe(2);
    expect(gaps.at(-1)).toBe(0);
    expect([...gaps].sort((a, b) => b - a)).toEqual(gaps);
  });

  test('the first version that is seen is nobody else’s write', () => {
    const hand = new Hand();
    hand.writes(10, 7);
    expect(hand.write(1, 7)).toBe(0);
  });
});

test('the event loop comes round while hundreds of writes are queued', async () => {
  // Each look at the clock is a millisecond later than the one before, however fast the disk is.
  let time = 0;
  const clock = { ...systemClock, monotonic: () => time++ };
  const { backend } = await openInside(await newPath(), { clock });
  let rounds = 0;
  let isDone = false;
  const count = (): void => {
    rounds += 1;
    if (!isDone) setImmediate(count);
  };
  const writes = Array.from({ length: 300 }, () => enqueue(backend, newJob()));
  setImmediate(count);
  await Promise.all(writes);
  isDone = true;
  // Every call has looked at the clock once at the start; each write does so twice or more, and a streak is 10 ms.
  expect(rounds).toBeGreaterThanOrEqual(50);
  expect(await backend.size('q')).toBe(300);
});

import { expect, test } from 'vitest';
import { BusyPoll } from '../../src/runtime/busy-poll.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';

/** A clock on which a turn of the event loop takes a tenth of a millisecond; counts them. */
class Turns implements Clock {
  readonly now = systemClock.now;
  readonly sleep = systemClock.sleep;
  readonly after = systemClock.after;
  readonly set = systemClock.set;
  readonly callOff = systemClock.callOff;
  count = 0;

  monotonic(): number {
    return this.count / 10;
  }

  async turn(): Promise<void> {
    await systemClock.turn();
    this.count += 1;
  }

  /** How many there are in a time in which none would be left. */
  async during(work: () => Promise<void> | void): Promise<number> {
    const before = this.count;
    await work();
    for (let round = 0; round < 10; round += 1) await systemClock.turn();
    return this.count - before;
  }
}

test('the event loop turns until the answer is there', async () => {
  const clock = new Turns();
  const poll = new BusyPoll(clock);
  const turns = await clock.during(async () => {
    const answered = poll.begin();
    await systemClock.turn();
    answered();
  });
  expect(turns).toBeGreaterThan(0);
  expect(turns).toBeLessThan(3);
});

test('an answer that takes longer is slept for, as are twice as many of those after it each time', async () => {
  const clock = new Turns();
  const poll = new BusyPoll(clock);
  const polled: boolean[] = [];
  for (let round = 0; round < 12; round += 1) {
    let answered = (): void => undefined;
    const turns = await clock.during(() => {
      answered = poll.begin();
    });
    answered();
    polled.push(turns > 0);
    // 0.3 ms, and no more.
    if (turns > 0) expect(turns).toBe(3);
  }
  const [yes, no] = [true, false];
  expect(polled).toEqual([yes, no, yes, no, no, no, yes, no, no, no, no, no]);
});

test('one that comes in time again makes good for those that did not', async () => {
  const clock = new Turns();
  const poll = new BusyPoll(clock);
  for (let round = 0; round < 2; round += 1) await clock.during(() => void poll.begin());
  await clock.during(() => poll.begin()());
  expect(await clock.during(() => void poll.begin())).toBe(3);
});

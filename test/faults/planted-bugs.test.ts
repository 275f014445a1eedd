// The checker is proved by what it catches: each bug is planted in a copy of the memory backend, real managers work on it while
// things go wrong, and the checker must find the bug in what they wrote down. Without a bug it must find nothing.

import { describe, expect, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { RULES } from './checker/index.ts';
import { bookBugs } from './planted/book-bugs.ts';
import { ownerBugs } from './planted/owner-bugs.ts';
import * as stories from './planted/stories.ts';
import { World } from './planted/world.ts';

const bugs = { ...ownerBugs, ...bookBugs };

// Planting replaces modules, which is done for one bug at a time; what happens then can happen side by side.
let planting: Promise<unknown> = Promise.resolve();
function inTurn<Result>(plant: () => Promise<Result>): Promise<Result> {
  const planted = planting.then(plant);
  planting = planted.catch(() => undefined);
  return planted;
}

// A story with a bug in it waits in vain for what should happen: a limit against hanging, and no measure of speed.
describe.concurrent('the checker', { timeout: 120_000 }, () => {
  test.each(Object.entries(stories))('finds nothing in a sound system: %s', async (_, story) => {
    const { violations, summary } = await World.play(await open(), story, 'sound');
    expect(violations).toEqual([]);
    expect(summary.lost).toBe(0);
    // Something did happen.
    expect(summary.faults.kill).toBeGreaterThan(0);
    expect(summary.runAgain).toBeGreaterThan(0);
    expect(summary.recoveries.length).toBeGreaterThan(0);
  });

  test.each(Object.entries(bugs))('finds a store that %s', async (_, { rule, plant, story = stories.everyday }) => {
    const openFaulty = await inTurn(plant);
    const { violations } = await World.play(await openFaulty({}), story, 'faulty');
    expect(violations.map((violation) => violation.rule)).toContain(rule);
  });
});

test('there is a bug for each rule', () => {
  const found = new Set(Object.values(bugs).map(({ rule }) => rule));
  expect(Object.keys(RULES).filter((rule) => ![...found].some((name) => name === rule))).toEqual([]);
});

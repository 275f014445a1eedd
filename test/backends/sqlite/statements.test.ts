import { describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/backends/sqlite/connection.ts';
import { text } from '../../../src/backends/sqlite/rows.ts';
import * as statements from '../../../src/backends/sqlite/statements.ts';
import { makeBooks, newPath, openRaw } from './stage.ts';

const { stats, ...all } = statements;

/** Those that walk through a table, or an index, from its start: why that is no search. */
const exempt = new Map([
  ['questions.nextDue', 'it is the first of its index'],
  ['paces.nextTimer', 'it is the first of its index'],
  ['due.failed', 'it is the first of its index'],
  ['workers.first', 'it is the first of its index'],
  ['listings.scheduled', 'all of an index, in its order, as far as the offset and the limit reach'],
  ['listings.failed', 'all of an index, in its order, as far as the offset and the limit reach'],
  ['listings.deadLetters', 'a table in the order of its key, as far as the offset and the limit reach'],
  ['bulk.newest', 'it is the last of the table'],
  ['places.freeAll', 'for a job whose locks are damaged; there are no more places than jobs that run'],
  ['schedules.names', 'a table in the order of its key, as far as the offset and the limit reach'],
  ['ungranted.take', 'the first of a table in the order of its key'],
  ['ungranted.any', 'any row will do'],
  ['transitions.claimAll', 'the list that it is given'],
  ['transitions.completeAll', 'the list that it is given'],
  ['transitions.removeAll', 'the list that it is given'],
  ['questions.ownedAll', 'the list that it is given'],
  ['cancels.dropEnded', 'the table has the runs that are just being cancelled'],
]);

/** Looks whether there is any row in some tables: a step for each. */
const GLANCE = 'tallies.glance';

const named = Object.entries(all).flatMap(([group, members]) =>
  Object.entries<string>(members).map(([name, sql]) => [[group, name].join('.'), sql] as const),
);

async function openBooks(): Promise<Connection> {
  const path = await newPath();
  await makeBooks(path);
  return openRaw(path);
}

/** The steps of SQLite's plan that look at rows they do not want, or sort what they found. */
function costlySteps(connection: Connection, sql: string): string[] {
  const plan = connection.all(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => text(detail));
  return plan.filter((step) => /\bSCAN\b|\bTEMP B-TREE\b/.test(step));
}

test('a statement that reads a whole table is caught, and one that sorts', async () => {
  const connection = await openBooks();
  expect(costlySteps(connection, 'SELECT id FROM jobs WHERE payload = ?')).toEqual(['SCAN jobs']);
  const sorted = "SELECT id FROM jobs WHERE queue = ? AND state = 'waiting' ORDER BY payload";
  expect(costlySteps(connection, sorted)).toEqual(['USE TEMP B-TREE FOR ORDER BY']);
});

describe('statements find their rows by an index', () => {
  test.each(named.filter(([name]) => !exempt.has(name) && name !== GLANCE))('%s', async (_, sql) => {
    expect(costlySteps(await openBooks(), sql)).toEqual([]);
  });
});

describe('statements that walk from the start, and sort nothing', () => {
  test.each([...exempt])('%s: %s', async (name) => {
    const sql = new Map(named).get(name) ?? expect.fail('there is no such statement');
    expect(costlySteps(await openBooks(), sql)).toEqual([expect.stringMatching(/^SCAN /)]);
  });
});

test('the glance at the start of a step looks for the first row of each table, and no further', async () => {
  const connection = await openBooks();
  const sql = new Map(named).get(GLANCE) ?? expect.fail('there is no such statement');
  const tables = ['books', 'watchers', 'ended', 'progress', 'ungranted'];
  const steps = costlySteps(connection, sql).map((step) => step.split(' ').slice(0, 2).join(' '));
  expect(steps).toEqual(tables.map((table) => `SCAN ${table}`));
  for (const table of tables.slice(1)) expect(sql).toContain(`EXISTS (SELECT 1 FROM ${table})`);
});

test('no statement has its plan made anew for each limit that it is given', () => {
  expect(named.filter(([, sql]) => /LIMIT \?/.test(sql))).toEqual([]);
});

test('what only an operator asks for is prepared as well', async () => {
  const connection = await openBooks();
  for (const sql of Object.values(stats)) expect(() => connection.all(`EXPLAIN ${sql}`)).not.toThrow();
});

import { expect, onTestFinished, test, vi } from 'vitest';
import type { Connection } from '../../../src/backends/sqlite/connection.ts';
import { openFile } from '../../../src/backends/sqlite/file.ts';
import type { Transactions } from '../../../src/backends/sqlite/transactions.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { newPath } from './stage.ts';

/** A file whose clock stands still until it is moved on; and how many transactions have been committed in it. */
async function openTransactions() {
  let time = 0;
  const clock = { ...systemClock, monotonic: () => time };
  const { connection, transactions, retries } = await openFile({
    path: await newPath(),
    clock,
    busyTimeout: 1_000,
    synchronous: 'full',
  });
  onTestFinished(() => {
    retries.close();
    connection.close();
  });
  connection.exec('CREATE TABLE notes (note INTEGER PRIMARY KEY)');
  const run = vi.spyOn(connection, 'run');
  const commits = (): number => run.mock.calls.filter(([sql]) => sql === 'COMMIT').length;
  const pass = (milliseconds: number): void => {
    time += milliseconds;
  };
  return { connection, transactions, commits, pass };
}

function note(connection: Connection, transactions: Transactions, number: number): Promise<number> {
  return transactions.write(() => connection.run('INSERT INTO notes VALUES (?)', number) * number);
}

function notes(connection: Connection): unknown[] {
  return connection.rows('SELECT note FROM notes').flat();
}

test('writes that come while another one is written share a transaction, in their order', async () => {
  const { connection, transactions, commits } = await openTransactions();
  const order: number[] = [];
  const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
  const written = numbers.map(async (number) => {
    const given = await note(connection, transactions, number);
    order.push(number);
    return given;
  });
  expect(await Promise.all(written)).toEqual(numbers);
  expect(order).toEqual(numbers);
  expect(commits()).toBe(2);
  expect(notes(connection)).toEqual(numbers);
});

test('no more join a transaction when it has lasted for 2 ms', async () => {
  const { connection, transactions, commits, pass } = await openTransactions();
  const slow = Array.from({ length: 10 }, (_, number) =>
    transactions.write(() => {
      pass(1);
      return connection.run('INSERT INTO notes VALUES (?)', number);
    }),
  );
  await Promise.all(slow);
  // The first had none to share with, and the others went by two.
  expect(commits()).toBe(6);
});

test('one that fails is undone alone, though it shared a transaction', async () => {
  const { connection, transactions } = await openTransactions();
  const fails = transactions.write.bind(transactions, () => {
    connection.run('INSERT INTO notes VALUES (99)');
    throw new Error('a step that fails');
  });
  const settled = await Promise.allSettled([
    note(connection, transactions, 1),
    note(connection, transactions, 2),
    fails(),
    note(connection, transactions, 3),
    note(connection, transactions, 2),
    note(connection, transactions, 4),
  ]);
  expect(settled.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect(notes(connection)).toEqual([1, 2, 3, 4]);
});

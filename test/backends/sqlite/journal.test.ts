import { describe, expect, test } from 'vitest';
import { walIsSafe } from '../../../src/backends/sqlite/journal.ts';
import { enqueue, execute, makeBooks, newJob, newPath, openInside, openRaw, openStore, valueIn } from './stage.ts';

const never = (): boolean => false;
const always = (): boolean => true;

function modeOf(path: string): Promise<unknown> {
  return valueIn(path, 'SELECT journal_mode FROM pragma_journal_mode');
}

describe('versions of SQLite', () => {
  test.each([
    '3.7.0',
    '3.43.2',
    '3.44.0',
    '3.44.5',
    '3.45.0',
    '3.45.6',
    '3.49.7',
    '3.50.0',
    '3.50.6',
    '3.51.0',
    '3.51.2',
    '2.99.99',
  ])('%s may damage a write-ahead log', (version) => {
    expect(walIsSafe(version)).toBe(false);
  });

  test.each(['3.44.6', '3.44.7', '3.50.7', '3.50.10', '3.51.3', '3.51.10', '3.52.0', '3.100.0', '4.0.0'])(
    '%s does not',
    (version) => {
      expect(walIsSafe(version)).toBe(true);
    },
  );
});

describe('a new file', () => {
  test('has a write-ahead log where the SQLite that is linked may use one', async () => {
    const path = await newPath();
    await openStore(path);
    const version = String(await valueIn(path, 'sqlite_version()'));
    expect(await modeOf(path)).toBe(walIsSafe(version) ? 'wal' : 'delete');
  });

  test('has a rollback journal where that SQLite may not', async () => {
    const path = await newPath();
    const asked: string[] = [];
    const isSafe = (version: string): boolean => {
      asked.push(version);
      return false;
    };
    const { backend } = await openInside(path, { isSafe });
    await enqueue(backend, newJob());
    expect(await modeOf(path)).toBe('delete');
    expect(asked).toEqual([await valueIn(path, 'sqlite_version()')]);
  });
});

describe('a file with jobs', () => {
  test.each(['delete', 'wal'])('keeps the mode it has: %s', async (journal) => {
    const path = await newPath();
    await makeBooks(path, { journal });
    const { backend } = await openInside(path, { isSafe: always });
    await enqueue(backend, newJob());
    expect(await modeOf(path)).toBe(journal);
  });

  test('is brought out of the write-ahead log by a SQLite that may not use one, with all that is in it', async () => {
    const path = await newPath();
    await makeBooks(path, { journal: 'wal' });
    await execute(path, 'UPDATE books SET successful = 7');
    const { backend } = await openInside(path, { isSafe: never });
    expect(await modeOf(path)).toBe('delete');
    expect((await backend.stats()).counters.successful).toBe(7);
  });

  test('is left in that mode for as long as others use it', async () => {
    const path = await newPath();
    await makeBooks(path, { journal: 'wal' });
    const other = await openRaw(path);
    other.look('(SELECT count(*) FROM jobs)');
    let isOpen = false;
    const opening = openInside(path, { isSafe: never }).then((inside) => {
      isOpen = true;
      return inside;
    });
    await expect(openInside(path, { isSafe: never, busyTimeout: 20 })).rejects.toMatchObject({
      code: 'WINGMAN_BACKEND_BUSY',
    });
    expect(isOpen).toBe(false);
    other.close();
    const { backend } = await opening;
    await enqueue(backend, newJob());
    expect(await modeOf(path)).toBe('delete');
  });
});

describe('a write-ahead log that another process turns on', () => {
  test('is left at the next write, and what it wrote is kept', async () => {
    const path = await newPath();
    const { backend } = await openInside(path, { isSafe: never });
    await enqueue(backend, newJob());
    await execute(path, 'PRAGMA journal_mode = wal; UPDATE books SET successful = 7');
    expect(await modeOf(path)).toBe('wal');
    await enqueue(backend, newJob());
    expect(await modeOf(path)).toBe('delete');
    expect(await backend.size('q')).toBe(2);
    expect((await backend.stats()).counters.successful).toBe(7);
  });

  test('is left at the next read as well', async () => {
    const path = await newPath();
    const { backend } = await openInside(path, { isSafe: never });
    await execute(path, 'PRAGMA journal_mode = wal');
    expect(await backend.size('q')).toBe(0);
    expect(await modeOf(path)).toBe('delete');
  });

  test('is kept where this SQLite may use it', async () => {
    const path = await newPath();
    await makeBooks(path, { journal: 'delete' });
    const { backend } = await openInside(path, { isSafe: always });
    await execute(path, 'PRAGMA journal_mode = wal');
    await enqueue(backend, newJob());
    expect(await modeOf(path)).toBe('wal');
    expect(await backend.size('q')).toBe(1);
  });
});

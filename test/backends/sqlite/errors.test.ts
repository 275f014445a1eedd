import { expect, test } from 'vitest';
import { isBusy, toWingmanError } from '../../../src/backends/sqlite/errors.ts';

/** As both drivers throw, mostly: with SQLite's extended result code. */
function thrown(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { errcode });
}

test('a disk that fails leaves the fate of a call unknown, and one without room does not', () => {
  // SQLITE_IOERR_FSYNC: what was written may be there or not.
  expect(toWingmanError(thrown(1034, 'disk I/O error'), '/jobs.db')).toMatchObject({
    code: 'WINGMAN_BACKEND_FAILED',
    fate: 'unknown',
    message: expect.stringContaining('/jobs.db could not be read or written: disk I/O error'),
  });
  expect(toWingmanError(thrown(13, 'database or disk is full'), '/jobs.db')).toMatchObject({
    code: 'WINGMAN_SQLITE_FULL',
    fate: 'not done',
  });
});

test('an error without a code, as a driver throws it while it reads rows, is known by its words', () => {
  const wordsOnly = (message: string) => Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR' });
  expect(isBusy(wordsOnly('database is locked'))).toBe(true);
  expect(isBusy(wordsOnly('no such table: jobs'))).toBe(false);
  expect(isBusy(new Error('database is locked'))).toBe(false);
  const damaged = toWingmanError(wordsOnly('database disk image is malformed'), '/jobs.db');
  expect(damaged.message).toContain('/jobs.db is damaged');
});

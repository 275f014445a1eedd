import { expect, test } from 'vitest';
import { toWingmanError } from '../../../src/backends/sqlite/errors.ts';

/** As both drivers throw: with SQLite's extended result code. */
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

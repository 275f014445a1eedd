import { existsSync } from 'node:fs';
import { WingmanError } from '../core/errors.ts';

/** The file of a SQLite URL, or null for any other. */
export function sqliteFile(url: string): string | null {
  return /^sqlite:(?:\/\/)?(.+)$/is.exec(url)?.[1] ?? null;
}

/**
 * Jobs of a memory backend are in one process, and this one ends in a moment.
 * @throws WingmanError `WINGMAN_BACKEND_URL`
 */
export function refuseMemory(url: string): void {
  if (!/^memory:/i.test(url)) return;
  const hint = 'use sqlite:path or redis://host:port';
  throw new WingmanError('WINGMAN_BACKEND_URL', `memory: has no jobs but those of its own process; ${hint}`);
}

/**
 * Only looking at jobs, or acting on those that are there, must not make a file.
 * @throws WingmanError `WINGMAN_SQLITE_OPEN` where there is none
 */
export function refuseMissing(url: string): void {
  const file = sqliteFile(url);
  if (file === null || existsSync(file)) return;
  throw new WingmanError('WINGMAN_SQLITE_OPEN', `there is no file ${file} yet: nothing has been enqueued there`);
}

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

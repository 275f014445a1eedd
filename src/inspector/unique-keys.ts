import type { Backend } from '../contract/backend.ts';
import type { Caller } from '../contract/call.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { checkType } from '../core/job.ts';

/** The job that has a unique key. */
export interface StandingJob {
  readonly id: string;
  readonly queue: string;
  /** Until when, where the key is taken for a time. */
  readonly until?: Date;
}

/** @throws WingmanError `WINGMAN_JOB_INVALID` for what is no type; InvalidOptionError for what is no key */
export async function findStanding(backend: Backend, type: string, key: string): Promise<StandingJob | null> {
  check(type, key);
  const standing = await backend.uniqueKeys.standing(type, key);
  if (standing?.until === undefined) return standing === null ? null : { id: standing.id, queue: standing.queue };
  return { ...standing, until: new Date(standing.until) };
}

/** Frees a key that is taken for a time. Whether it was. Throws as `findStanding`. */
export async function releaseKey(backend: Backend, caller: Caller, type: string, key: string): Promise<boolean> {
  check(type, key);
  return caller.call((call) => backend.uniqueKeys.release(call, type, key));
}

function check(type: unknown, key: unknown): void {
  checkType(type);
  if (typeof key !== 'string') throw new InvalidOptionError('key', "a unique key's text", key);
}

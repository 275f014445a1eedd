import { InvalidOptionError } from './errors.ts';
import { type Extras, tagsOf } from './extras.ts';
import type { Lock } from './lock.ts';
import { checkNames } from './options.ts';

/** Which jobs are meant: those for which all that is given is true. */
export interface JobFilter {
  readonly type?: string;
  readonly queue?: string;
  /** A lock key that the job needs. */
  readonly lock?: string;
  readonly tag?: string;
}

/** What a filter must know of a job. */
export interface Filtered {
  readonly type: string;
  readonly queue: string;
  readonly locks: readonly Lock[] | null;
  readonly extras?: Extras | undefined;
}

const NAMES = ['type', 'queue', 'lock', 'tag'] as const;

/**
 * Checks a filter: one that says nothing would fit every job.
 * @throws InvalidOptionError
 */
export function checkFilter(filter: unknown): JobFilter {
  checkNames(filter, NAMES, 'filter');
  const given = NAMES.filter((name) => Reflect.get(filter, name) !== undefined);
  if (given.length === 0) throw new InvalidOptionError('filter', 'at least one of type, queue, lock and tag', filter);
  for (const name of given) {
    const value: unknown = Reflect.get(filter, name);
    if (typeof value !== 'string' || value === '') throw new InvalidOptionError(`filter.${name}`, 'a text', value);
  }
  return filter;
}

/** Whether a job is meant. */
export function fits({ type, queue, lock, tag }: JobFilter, job: Filtered): boolean {
  return (
    (type === undefined || job.type === type) &&
    (queue === undefined || job.queue === queue) &&
    (lock === undefined || job.locks?.some(({ key }) => key === lock) === true) &&
    (tag === undefined || tagsOf(job.extras).includes(tag))
  );
}

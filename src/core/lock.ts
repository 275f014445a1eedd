import { InvalidOptionError, shown, WingmanError } from './errors.ts';

/** At most `concurrency` jobs with this key run at once, over all queues and managers. */
export interface Lock {
  readonly key: string;
  readonly concurrency: number;
}

/** A lock as it is stored with a job; or a rate: see core/rate.ts. */
export interface StoredLock extends Lock {
  /** Of a rate: in milliseconds, how long it takes until one of its places comes free. */
  readonly interval?: number;
}

/** What a job type's `lock` gives: one lock, several (all are taken, or none), or nothing. */
export type Locks = Lock | readonly Lock[] | null | undefined;

// A lone surrogate has no form in UTF-8: two such keys would become one in the store. The two non-characters mark other keys.
const KEY = /^[^\p{Surrogate}\uFFFE\uFFFF]{1,512}$/u;

/**
 * Checks locks and puts them in the order in which they are taken: sorted by key, so that jobs which need several always
 * ask for them in the same order and no cycle of waiting can form. A concurrency below 1 means that no lock is needed.
 * @throws InvalidOptionError for a key that is no text of 1 to 512 characters, or a concurrency that is no whole number
 * @throws WingmanError `WINGMAN_JOB_INVALID` for the same key twice with different limits
 */
export function normalizeLocks(locks: Locks): readonly Lock[] {
  if (locks === null || locks === undefined) return [];
  const byKey = new Map<string, Lock>();
  for (const lock of isList(locks) ? locks : [locks]) {
    const { key, concurrency } = check(lock);
    if (concurrency < 1) continue;
    const other = byKey.get(key);
    if (other !== undefined && other.concurrency !== concurrency) {
      const limits = `${other.concurrency} and ${concurrency}`;
      throw new WingmanError('WINGMAN_JOB_INVALID', `lock key ${shown(key)} is asked for twice, with limits ${limits}`);
    }
    byKey.set(key, { key, concurrency });
  }
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function check(lock: unknown): Lock {
  if (typeof lock !== 'object' || lock === null) {
    throw new InvalidOptionError('lock', 'an object { key, concurrency }, a list of them, or nothing', lock);
  }
  const key: unknown = Reflect.get(lock, 'key');
  const concurrency: unknown = Reflect.get(lock, 'concurrency');
  if (typeof concurrency !== 'number' || !Number.isSafeInteger(concurrency)) {
    throw new InvalidOptionError('lock.concurrency', 'a whole number', concurrency);
  }
  return { key: checkKey(key, 'lock.key'), concurrency };
}

/** @throws InvalidOptionError for what can be no key of a lock or a rate */
export function checkKey(key: unknown, option: string): string {
  // SQLite ends a text at a NUL, so two such keys could become one as well.
  if (typeof key === 'string' && KEY.test(key) && !key.includes('\0')) return key;
  throw new InvalidOptionError(option, 'text of 1 to 512 characters without NUL, U+FFFE and U+FFFF', key);
}

function isList(locks: Lock | readonly Lock[]): locks is readonly Lock[] {
  return Array.isArray(locks);
}

import type { Standing, UniqueKeys } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { StoredJob } from '../../core/envelope.ts';
import { type Books, nameOf } from './books.ts';
import type { Desk } from './desk.ts';

/** Who has a key of a type now. A job that is no longer in the books cannot have one, unless that was taken for a time. */
export function standing(books: Books, type: string, key: string, now: number): Standing | null {
  const holder = books.uniques.get(nameOf(type, key));
  if (holder === undefined) return null;
  const { id, queue, until } = holder;
  if (until !== undefined) return until > now ? { id, queue, until } : null;
  return books.jobs.get(id)?.job.sequence === holder.sequence ? { id, queue } : null;
}

/** Takes its key for a job, whoever had it. */
export function takeKey(books: Books, { id, type, queue, sequence, extras }: StoredJob, now: number): void {
  if (extras?.unique === undefined) return;
  const { key, while: state } = extras.unique;
  const holder = { id, queue, sequence, ...(typeof state === 'number' && { until: now + state }) };
  books.uniques.set(nameOf(type, key), holder);
}

/** Whether a job that has ended may have its key again, and if so takes it. */
export function retakeKey(books: Books, job: StoredJob, now: number): boolean {
  const unique = job.extras?.unique;
  if (unique?.while !== 'until done') return true;
  if (standing(books, job.type, unique.key, now) !== null) return false;
  takeKey(books, job, now);
  return true;
}

/** Forgets the keys whose time is up. */
export function dropEnded(books: Books, now: number): void {
  for (const [name, { until = now + 1 }] of books.uniques) if (until <= now) books.uniques.delete(name);
}

/** Who has which unique key. */
export class MemoryUniqueKeys implements UniqueKeys {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async standing(type: string, key: string): Promise<Standing | null> {
    return standing(this.#desk.books, type, key, this.#desk.open());
  }

  async release(call: Call, type: string, key: string): Promise<boolean> {
    return this.#desk.once(call, () => {
      const stands = standing(this.#desk.books, type, key, this.#desk.clock.now());
      return stands?.until !== undefined && this.#desk.books.uniques.delete(nameOf(type, key));
    });
  }
}

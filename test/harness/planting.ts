// Plants faults in the memory backend, to prove that a test finds them.

import { vi } from 'vitest';
import type { Books as SoundBooks } from '../../src/backends/memory/books.ts';
import { open } from '../../src/backends/memory/index.ts';
import type { Backend } from '../../src/contract/backend.ts';
import type { StoreOptions } from '../../src/contract/conformance/subject.ts';

export type Open = (options: StoreOptions) => Promise<Backend>;
type BooksClass = typeof SoundBooks;

/** A memory backend in which one module has some of its exports changed. Its path is from this folder. */
export async function withModule<Module extends object>(
  path: string,
  change: (original: Module) => Partial<Module>,
): Promise<Open> {
  vi.resetModules();
  vi.doMock(path, async (importOriginal) => {
    const original = await importOriginal<Module>();
    return { ...original, ...change(original) };
  });
  const faulty = await import('../../src/backends/memory/index.ts');
  vi.doUnmock(path);
  return faulty.open;
}

export const withBooks = (change: (Books: BooksClass) => BooksClass): Promise<Open> =>
  withModule<{ Books: BooksClass }>('../../src/backends/memory/books.ts', ({ Books }) => ({ Books: change(Books) }));

/** A backend with some of its methods changed. */
export function changed(backend: Backend, methods: Partial<Backend>): Backend {
  return new Proxy(backend, {
    get(target, name) {
      const own: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

/** A sound memory backend with one method changed. */
export const withMethods =
  (change: (backend: Backend) => Partial<Backend>): Open =>
  async (options) => {
    const backend = await open(options);
    return changed(backend, change(backend));
  };

// Plants that several tests use.

/** Settles with a token that is not the owner's. */
export const settlingWithAnyToken = (): Open =>
  withMethods((backend) => ({
    exchange: async (call, request) => {
      const settlements = await Promise.all(
        request.settlements.map(async ({ job, outcome }) => {
          const token = (await backend.find(job.id))?.owner?.token ?? job.token;
          return { job: { ...job, token }, outcome };
        }),
      );
      return backend.exchange(call, { ...request, settlements });
    },
  }));

/** Forgets which calls it has answered. */
export function forgettingCalls(): Open {
  let sequence = 0;
  const anew = () => {
    sequence += 1;
    return { client: 'forgetful', sequence, floor: sequence };
  };
  return withMethods((backend) => ({
    enqueue: (_, jobs) => backend.enqueue(anew(), jobs),
    exchange: (_, request) => backend.exchange(anew(), request),
    increment: (_, counter, by) => backend.increment(anew(), counter, by),
  }));
}

/** Uses up an attempt for a job that is released. */
export const countingReleases = (): Promise<Open> =>
  withModule<typeof import('../../src/backends/memory/exchange.ts')>(
    '../../src/backends/memory/exchange.ts',
    ({ settle }) => ({
      settle: (books, settlement, ...rest) => {
        const result = settle(books, settlement, ...rest);
        const entry = books.jobs.get(settlement.job.id);
        if (result === 'settled' && settlement.outcome.kind === 'released' && entry !== undefined) {
          entry.job = { ...entry.job, attempts: entry.job.attempts + 1 };
        }
        return result;
      },
    }),
  );

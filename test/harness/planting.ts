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

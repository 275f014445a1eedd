import type { Backend } from './backend.ts';

/** What a client and a manager take as their backend: a URL, a backend that is open, or what has one, as the stages do. */
export type BackendSource = string | Backend | { readonly backend: Backend };

/** The open backend in a source that is no URL, or null where there is none. */
export function backendIn(source: unknown): Backend | null {
  if (typeof source !== 'object' || source === null) return null;
  if (isBackend(source)) return source;
  const inner: unknown = Reflect.get(source, 'backend');
  return isBackend(inner) ? inner : null;
}

// One from another copy of this package is as good.
function isBackend(value: unknown): value is Backend {
  if (typeof value !== 'object' || value === null) return false;
  return ['exchange', 'enqueue', 'wait', 'close'].every((name) => typeof Reflect.get(value, name) === 'function');
}

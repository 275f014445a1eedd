import { Worker } from 'node:worker_threads';

/**
 * Starts a thread. One whose code is TypeScript, as when this project runs from its sources, is loaded by jiti: not every
 * Node that we support can do that by itself.
 */
export function startThread(entry: URL, data: unknown): Worker {
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry, { workerData: data });
  const loader = import.meta.resolve('jiti');
  const code = `import(${JSON.stringify(loader)}).then(({ createJiti }) => createJiti(${JSON.stringify(entry.href)}).import(${JSON.stringify(entry.href)}))`;
  return new Worker(code, { eval: true, workerData: data });
}

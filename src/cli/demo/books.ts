import { setTimeout as sleep } from 'node:timers/promises';
import type { Wingman } from '../../client/wingman.ts';
import type { Backend } from '../../contract/backend.ts';
import type { Logger } from '../../core/log.ts';
import { Manager, type ManagerEvents } from '../../manager/manager.ts';
import type { ManagerOptions } from '../../manager/options.ts';
import { type DemoJobs, demoJobs, type Entry, idOf, isOfRun, jobOf, queuesOf } from './jobs.ts';

/** Where the jobs of one run are: how the demo looks at the backend's books, and puts jobs into them. */

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What a demo's manager has in common with any other, but shorter leases: what a killed run had goes on soon. */
export function managerOptions(backend: Backend, run: string): Omit<ManagerOptions, 'handlers'> {
  const { directories, files } = queuesOf(run);
  const times = { lease: '5s', heartbeat: '1s', grace: '3s' };
  return { backend, queues: [directories, files], ...times, signals: false, logger: SILENT };
}

const CHUNK = 1_000;

/** Enqueues a job for each entry that has none. */
export async function enqueueAll(
  wingman: Wingman,
  { run, jobs, entries }: { readonly run: string; readonly jobs: DemoJobs; readonly entries: readonly Entry[] },
  signal: AbortSignal,
): Promise<void> {
  for (let from = 0; from < entries.length; from += CHUNK) {
    signal.throwIfAborted();
    const chunk = entries.slice(from, from + CHUNK);
    await Promise.all(chunk.map((entry) => wingman.enqueue(jobOf(jobs, entry), { id: idOf(run, entry) })));
  }
}

/** The jobs of a run that are kept as failed, each with its reason. */
export async function* failedJobs(backend: Backend, run: string): AsyncGenerator<{ id: string; reason: string }> {
  for (let offset = 0; ; offset += CHUNK) {
    const ids = await backend.list({ state: 'failed' }, offset, CHUNK);
    for (const id of ids.filter((each) => isOfRun(run, each))) {
      const view = await backend.find(id);
      if (view?.state === 'failed') yield { id, reason: view.failures.at(-1)?.message ?? 'unknown' };
    }
    if (ids.length < CHUNK) return;
  }
}

/** How many jobs of a run are held. */
export async function heldJobs(backend: Backend, run: string): Promise<number> {
  return (await queuesIn(backend, run)).reduce((sum, { held }) => sum + held, 0);
}

const LONGEST_WAIT = 20_000;

/**
 * Waits until no job of a run is left, but those kept as failed: those of a worker that was killed come back when its lease
 * has ended. False when that takes too long or the signal aborts.
 * @param manager runs them meanwhile; its own last ones it settles when it stops
 */
export async function untilDone(
  backend: Backend,
  run: string,
  manager: Manager,
  signal: AbortSignal,
): Promise<boolean> {
  const end = performance.now() + LONGEST_WAIT;
  while (await hasJobs(backend, run, manager)) {
    if (signal.aborted || performance.now() > end) return false;
    await sleep(100);
  }
  return true;
}

async function hasJobs(backend: Backend, run: string, manager: Manager): Promise<boolean> {
  if ((await queuesIn(backend, run)).some(({ waiting, held }) => waiting + held > 0)) return true;
  const { workers } = await backend.stats();
  for (const { worker, processing } of workers) {
    if (processing === 0 || worker === manager.worker) continue;
    const ids = await backend.list({ state: 'processing', worker }, 0, processing);
    if (ids.some((id) => isOfRun(run, id))) return true;
  }
  return false;
}

async function queuesIn(backend: Backend, run: string) {
  const own: readonly string[] = Object.values(queuesOf(run));
  return (await backend.stats()).queues.filter(({ queue }) => own.includes(queue));
}

/** Takes the jobs of a run out of the books, by doing nothing with them. */
export async function discardJobs(backend: Backend, run: string, signal: AbortSignal): Promise<void> {
  const jobs = demoJobs(run);
  const handlers = Object.values(jobs).map((definition) => definition.handle(() => {}));
  const manager = new Manager({ ...managerOptions(backend, run), handlers, concurrency: 200 });
  const started = new Promise((resolve) => manager.once('started', resolve));
  const stopped = manager.start();
  await Promise.race([started, stopped]);
  await untilDone(backend, run, manager, signal);
  await manager.stop();
  await stopped;
}

/** Calls back when a job ends without its handler's having returned. */
export function onLost(manager: Manager, lost: (id: string, reason: string) => void): void {
  const told = ({ id, detail }: ManagerEvents['failed' | 'dead']): void => lost(id, detail);
  manager.on('failed', told).on('dead', told);
  manager.on('cancelled', ({ id }) => lost(id, 'it was cancelled'));
}

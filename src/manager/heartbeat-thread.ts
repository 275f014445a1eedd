/**
 * The heartbeat's own thread: renews the worker's lease over a connection of its own where the main loop's check-ins do not, until
 * that has been stuck for too long. A thread that dies takes no job with it: its owner beats on the main loop from then on.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Backend, Reopen } from '../contract/backend.ts';
import { messageOf } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Loop } from '../runtime/loop.ts';
import { persist } from '../runtime/persist.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { heartbeatLoop } from './heartbeat-loop.ts';
import { Pulse } from './pulse.ts';

/** What the thread is started with. Lengths are milliseconds. */
export interface ThreadData {
  readonly reopen: Reopen;
  readonly pulse: SharedArrayBuffer;
  readonly interval: number;
  readonly lease: number;
  readonly stuckAfter: number;
}

/** From the main thread: whose lease to renew from now on, or to end. */
export type Assignment = { readonly worker: string | null } | 'end';

/** To the main thread. */
export type Report =
  | { readonly kind: 'beating' }
  | { readonly kind: 'lost'; readonly worker: string }
  | { readonly kind: 'stuck'; readonly worker: string; readonly silence: number }
  | { readonly kind: 'log'; readonly level: 'info' | 'warn'; readonly fields: object; readonly message: string };

async function beat({ reopen, pulse, interval, lease, stuckAfter }: ThreadData): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this module is the heartbeat thread, and no program of its own');
  const report = (message: Report): void => port.postMessage(message);
  const main = new Pulse(pulse);
  let worker: string | null = null;

  const log = (level: 'info' | 'warn') => (fields: object, message: string) =>
    report({ kind: 'log', level, fields: plain(fields), message });
  const surroundings: Surroundings = {
    clock: systemClock,
    random: Math.random,
    logger: { debug: () => undefined, info: log('info'), warn: log('warn'), error: log('warn') },
    failed: () => undefined,
  };
  const ending = new AbortController();
  let loop: Loop | undefined;
  port.on('message', (assignment: Assignment) => {
    if (assignment === 'end') ending.abort();
    else worker = assignment.worker;
    loop?.wake();
  });
  // The store may be out of reach just now. Until it is there, the main loop's heartbeats count.
  const backend = await persist(
    () => open(reopen, ending.signal),
    'opening the heartbeat connection',
    surroundings,
    ending.signal,
  ).catch((error: unknown) => {
    if (!ending.signal.aborted) throw error;
  });
  if (backend === undefined) return port.close();
  let wasStuck = false;
  const mine = (): string | null => {
    const silence = main.silence();
    const isStuck = worker !== null && silence > stuckAfter;
    if (isStuck && !wasStuck && worker !== null) report({ kind: 'stuck', worker, silence });
    wasStuck = isStuck;
    return isStuck ? null : worker;
  };
  const lost = (name: string): void => {
    if (worker === name) worker = null;
    report({ kind: 'lost', worker: name });
  };
  const sinceRenewal = (): number => main.sinceRenewal();
  loop = heartbeatLoop({ backend, interval, lease, worker: mine, lost, sinceRenewal }, surroundings);
  loop.start();
  report({ kind: 'beating' });
  await aborted(ending.signal);
  await loop.stop();
  await backend.close();
  port.close();
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** What is opened after the end has come is closed at once: nobody waits for it any more, and its connection would keep the thread. */
async function open({ module, options }: Reopen, ending: AbortSignal): Promise<Backend> {
  const { open }: { open: (options: object) => Promise<Backend> } = await import(module);
  ending.throwIfAborted();
  const backend = await open(options);
  if (ending.aborted) await backend.close();
  return backend;
}

/** Fields of a log line as a message can carry them. */
function plain(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? messageOf(value) : value]),
  );
}

await beat(workerData);

// A manager under test: it logs into a list, its events can be waited for, and it is stopped when the test ends.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { openBackend } from '../../src/backends/open.ts';
import type { Backend } from '../../src/contract/backend.ts';
import { Caller } from '../../src/contract/call.ts';
import { wrap } from '../../src/core/envelope.ts';
import type { Job } from '../../src/core/job.ts';
import type { LogLevel } from '../../src/core/log.ts';
import { TRANSITIONS } from '../../src/core/states.ts';
import { Manager, type ManagerEvents } from '../../src/manager/manager.ts';
import type { ManagerOptions } from '../../src/manager/options.ts';
import { newId, newName } from '../../src/runtime/identity.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** A logger that keeps its lines. */
export class Log {
  readonly lines: Line[] = [];
  /** It says that it writes no lines below this level; those that come all the same are kept. */
  lowest: LogLevel = 'debug';
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  #at(level: string) {
    return (fields: object, message: string): void => void this.lines.push({ ...fields, level, message });
  }

  isLevelEnabled(level: LogLevel): boolean {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.lowest);
  }

  of(message: string): Line[] {
    return this.lines.filter((line) => line.message === message);
  }
}

export const stores = ['memory', 'sqlite', 'redis'] as const;
export type StoreName = (typeof stores)[number];

let server: Promise<RedisServer> | undefined;
let databases = 0;
afterAll(async () => (await server)?.stop());

/** A new, empty store that ends with the test. Several processes can open it, unless it is in memory. */
export async function storeUrl(name: StoreName): Promise<string> {
  if (name === 'memory') return 'memory:';
  if (name === 'redis') {
    server ??= startRedis('--databases', '64');
    databases += 1;
    return `${(await server).url}/${databases - 1}`;
  }
  const folder = await mkdtemp(join(tmpdir(), 'wingman-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return `sqlite:${join(folder, 'jobs.db')}`;
}

/** A backend that is closed when the test ends. */
export async function openStore(url: string): Promise<Backend> {
  const backend = await openBackend(url);
  onTestFinished(() => backend.close());
  return backend;
}

/** Enqueues jobs in one call. Returns their ids. */
export async function enqueue(backend: Backend, ...jobs: Job[]): Promise<string[]> {
  const wrapped = await Promise.all(jobs.map((job) => wrap(job, newId())));
  await new Caller(newName()).call((call) => backend.enqueue(call, wrapped));
  return wrapped.map(({ id }) => id);
}

type Options = Omit<ManagerOptions, 'logger'>;

/** Makes a manager without stop signals and without grace. */
export function makeManager(options: Options): { manager: Manager; log: Log } {
  const log = new Log();
  const manager = new Manager({ signals: false, grace: 0, ...options, logger: log });
  onTestFinished(() => manager.stop());
  return { manager, log };
}

/** Starts a manager and waits until it has. `ended` settles as `start` does. */
export async function run(options: Options): Promise<{ manager: Manager; log: Log; ended: Promise<void> }> {
  const { manager, log } = makeManager(options);
  const started = happened(manager, 'started');
  // From its first turn on, so that a test may ask for what has happened already.
  for (const event of new Set(TRANSITIONS.map(({ event }) => event))) historyOf(manager, event);
  const ended = manager.start();
  await Promise.race([started, ended]);
  return { manager, log, ended };
}

interface History<Event> {
  readonly events: Event[];
  readonly waiters: Set<() => void>;
}

const histories = new WeakMap<Manager, { [Name in keyof ManagerEvents]?: History<ManagerEvents[Name]> }>();

function historyOf<Name extends keyof ManagerEvents>(manager: Manager, name: Name): History<ManagerEvents[Name]> {
  const known = histories.get(manager) ?? {};
  histories.set(manager, known);
  const existing = known[name];
  if (existing !== undefined) return existing;
  const history: History<ManagerEvents[Name]> = { events: [], waiters: new Set() };
  Object.assign(known, { [name]: history });
  manager.on(name, (event) => {
    history.events.push(event);
    for (const waiter of history.waiters) waiter();
  });
  return history;
}

/** Resolves with the first events of this name, when there have been so many since it was first asked for, or since `run`. */
export function happened<Name extends keyof ManagerEvents>(
  manager: Manager,
  name: Name,
  count = 1,
): Promise<ManagerEvents[Name][]> {
  const { events, waiters } = historyOf(manager, name);
  return new Promise((resolve) => {
    const look = (): void => {
      if (events.length < count) return;
      waiters.delete(look);
      resolve(events.slice(0, count));
    };
    waiters.add(look);
    look();
  });
}

/** A promise that the test settles. */
export class Latch {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

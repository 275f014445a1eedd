import { constants } from 'node:os';
import type { Backend } from '../contract/backend.ts';
import { type BackendSource, backendIn } from '../contract/source.ts';
import { type Duration, toMilliseconds } from '../core/duration.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { checkQueue, type Handler, isHandler } from '../core/job.ts';
import { type Keep, type KeepOptions, keepRule } from '../core/keep.ts';
import type { Logger } from '../core/log.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { jsonLogger } from '../runtime/json-logger.ts';
import { safeLogger } from '../runtime/safe-logger.ts';
import { isScheduleSet, type ScheduleSet } from '../schedules/declared.ts';
import { invalid } from '../schedules/options.ts';
import type { Queues } from './queue-order.ts';

export interface ManagerOptions {
  /** A URL (`redis://…`, `sqlite:path`, `memory:`), which the manager opens and closes; or an open backend, which it does not close. */
  readonly backend: BackendSource;
  /** What to run, one handler for each job type. */
  readonly handlers: readonly Handler[];
  /**
   * A list is a strict order: a queue's jobs run when those before it are empty. An object gives weights: each claim looks at
   * the queues in a random order, where twice the weight means first twice as often. When left out: the queues of the
   * handlers' job types, with equal weights.
   */
  readonly queues?: Queues;
  /** How many jobs run at once; 10 when left out. */
  readonly concurrency?: number;
  /** Any logger of pino's shape; when left out, JSON lines on stderr. See `Logger` for one that does not write all levels. */
  readonly logger?: Logger;
  /** How long jobs stay this manager's own after its last sign of life; 15 s when left out, and at least two heartbeats. */
  readonly lease?: Duration;
  /** How often it gives a sign of life; 5 s when left out. */
  readonly heartbeat?: Duration;
  /**
   * How long a handler may block the event loop before the manager gives up its lease, and its jobs run elsewhere; 60 s when
   * left out. The heartbeat has a thread of its own, so that a shorter block costs nothing.
   */
  readonly stuckAfter?: Duration;
  /** How long failed jobs are kept: a time, a number of jobs, or both; 30 days and 100,000 jobs when left out. */
  readonly keepFailed?: KeepOptions;
  /**
   * Recurring schedules that live in the code, made by `defineSchedules`: written when the manager starts. It must have a handler for
   * each of their job types. What their owner declared before, and does not any more, is logged and goes on until it is removed.
   */
  readonly schedules?: ScheduleSet | readonly ScheduleSet[];
  /** How often it checks in with the store, at least, and so how long a wake-up that got lost may delay a job; 2 s when left out. */
  readonly pollInterval?: Duration;
  /**
   * Whether it polls, for up to 0.3 ms, for an answer of the store that all its free slots wait for, instead of sleeping; on when left out.
   * Small jobs run up to twice as often, for the same processor time per job. It is never done where the store mostly takes longer to
   * answer, or is in this process, nor on a machine with one processor. Off is for one whose time is short for others.
   */
  readonly busyPoll?: boolean;
  /** How long running handlers have to finish when the manager stops; 25 s when left out. */
  readonly grace?: Duration;
  /** Which signals stop it: the first lets it finish, the second ends it at once. SIGINT and SIGTERM when left out. */
  readonly signals?: readonly NodeJS.Signals[] | false;
  /** For tests. */
  readonly clock?: Clock;
  /** For tests: as `Math.random`. */
  readonly random?: () => number;
}

/** The options with every choice made and checked. Lengths are milliseconds. */
export interface Settings {
  readonly backend: string | Backend;
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly queues: Queues;
  readonly concurrency: number;
  readonly logger: Logger;
  readonly lease: number;
  readonly heartbeat: number;
  readonly stuckAfter: number;
  readonly keepFailed: Keep;
  readonly schedules: readonly ScheduleSet[];
  readonly pollInterval: number;
  readonly busyPoll: boolean;
  readonly grace: number;
  readonly signals: readonly NodeJS.Signals[];
  readonly clock: Clock;
  readonly random: () => number;
}

const KEEP_FAILED: Keep = { for: 30 * 86_400_000, count: 100_000 };

const KNOWN: Readonly<Record<keyof ManagerOptions, true>> = {
  backend: true,
  handlers: true,
  queues: true,
  concurrency: true,
  logger: true,
  lease: true,
  heartbeat: true,
  stuckAfter: true,
  keepFailed: true,
  schedules: true,
  pollInterval: true,
  busyPoll: true,
  grace: true,
  signals: true,
  clock: true,
  random: true,
};

/** @throws InvalidOptionError for an option that makes no sense, with the value received */
export function checkOptions(options: ManagerOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError('options', 'an object with at least backend and handlers', options);
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(KNOWN, name)) {
      throw new InvalidOptionError('options', `an object of ${Object.keys(KNOWN).join(', ')}`, name);
    }
  }
  const handlers = checkHandlers(options.handlers);
  const heartbeat = positive('heartbeat', options.heartbeat ?? '5s');
  const { clock = systemClock, random = Math.random } = options;
  return {
    backend: checkBackend(options.backend),
    handlers,
    queues: checkQueues(options.queues, handlers),
    concurrency: checkConcurrency(options.concurrency),
    logger: safeLogger(checkLogger(options.logger)),
    lease: checkLease(options.lease ?? '15s', heartbeat),
    heartbeat,
    stuckAfter: positive('stuckAfter', options.stuckAfter ?? '60s'),
    keepFailed: keepRule(options.keepFailed, 'keepFailed') ?? KEEP_FAILED,
    schedules: checkSchedules(options.schedules, handlers),
    pollInterval: positive('pollInterval', options.pollInterval ?? '2s'),
    busyPoll: checkBusyPoll(options.busyPoll),
    grace: toMilliseconds(options.grace ?? '25s', 'grace'),
    signals: checkSignals(options.signals),
    clock,
    random,
  };
}

function checkBackend(source: unknown): string | Backend {
  if (typeof source === 'string' && source !== '') return source;
  const backend = backendIn(source);
  if (backend !== null) return backend;
  throw new InvalidOptionError('backend', "a URL such as 'redis://localhost:6379', or an open backend", source);
}

function checkHandlers(handlers: unknown): ReadonlyMap<string, Handler> {
  const expected = 'a list of at least one handler, each made by a definition, as in sendInvoice.handle(fn)';
  if (!Array.isArray(handlers) || handlers.length === 0) throw new InvalidOptionError('handlers', expected, handlers);
  const byType = new Map<string, Handler>();
  for (const handler of handlers) {
    if (!isHandler(handler)) throw new InvalidOptionError('handlers', expected, handler);
    const { type } = handler.definition;
    if (byType.has(type))
      throw new InvalidOptionError('handlers', 'a list with one handler for each job type', `two for ${type}`);
    byType.set(type, handler);
  }
  return byType;
}

function checkSchedules(
  schedules: ScheduleSet | readonly ScheduleSet[] | undefined,
  handlers: ReadonlyMap<string, Handler>,
): readonly ScheduleSet[] {
  const sets = schedules === undefined ? [] : [schedules].flat();
  const owners = new Set<string>();
  const names = new Set<string>();
  for (const set of sets) {
    if (!isScheduleSet(set)) throw new InvalidOptionError('schedules', 'made by defineSchedules', set);
    // Each would report the other's schedules as not declared any more.
    if (owners.has(set.owner)) throw new InvalidOptionError('schedules', 'one set for each owner', set.owner);
    owners.add(set.owner);
    for (const { name, job } of set.schedules) {
      if (names.has(name)) throw invalid(name, 'two sets declare it; keep one');
      names.add(name);
      if (handlers.has(job.type)) continue;
      const hint = 'give it one, or declare the schedule elsewhere with wingman.schedules.declare()';
      throw invalid(name, `this manager has no handler for its job type '${job.type}': ${hint}`);
    }
  }
  return sets;
}

function checkQueues(queues: unknown, handlers: ReadonlyMap<string, Handler>): Queues {
  if (queues === undefined)
    return Object.fromEntries([...handlers.values()].map(({ definition }) => [definition.queue, 1]));
  if (typeof queues !== 'object' || queues === null) throw invalidQueues(queues);
  return Array.isArray(queues) ? checkList(queues) : checkWeights(queues);
}

function checkList(queues: readonly unknown[]): readonly string[] {
  const names = queues.map(checkName);
  if (names.length === 0 || new Set(names).size < names.length) throw invalidQueues(queues);
  return names;
}

function checkWeights(queues: object): Readonly<Record<string, number>> {
  const weights = new Map<string, number>();
  for (const [name, weight] of Object.entries(queues)) {
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight <= 0) {
      throw new InvalidOptionError(`queues.${name}`, 'a weight above 0', weight);
    }
    weights.set(checkName(name), weight);
  }
  if (weights.size === 0) throw invalidQueues(queues);
  return Object.fromEntries(weights);
}

function checkName(name: unknown): string {
  if (name === undefined) throw new InvalidOptionError('queues', 'a list of queue names', name);
  return checkQueue(name);
}

function invalidQueues(queues: unknown): InvalidOptionError {
  return new InvalidOptionError(
    'queues',
    "queue names, each once, as ['mail', 'default'] or { mail: 3, default: 1 }",
    queues,
  );
}

function checkBusyPoll(busyPoll: unknown = true): boolean {
  if (typeof busyPoll === 'boolean') return busyPoll;
  throw new InvalidOptionError('busyPoll', 'true or false', busyPoll);
}

function checkConcurrency(concurrency: unknown = 10): number {
  if (typeof concurrency === 'number' && Number.isSafeInteger(concurrency) && concurrency >= 1) return concurrency;
  throw new InvalidOptionError('concurrency', 'a whole number of at least 1', concurrency);
}

function checkLogger(logger: Logger | undefined): Logger {
  if (logger === undefined) return jsonLogger();
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (typeof logger?.[level] !== 'function') {
      throw new InvalidOptionError('logger', 'an object with the methods debug, info, warn and error', logger);
    }
  }
  return logger;
}

function checkLease(duration: Duration, heartbeat: number): number {
  const lease = positive('lease', duration);
  // One heartbeat that is lost or late must not cost the lease.
  if (lease >= 2 * heartbeat) return lease;
  throw new InvalidOptionError('lease', `at least two heartbeats, so ${2 * heartbeat} ms`, duration);
}

function positive(option: string, duration: Duration): number {
  const milliseconds = toMilliseconds(duration, option);
  if (milliseconds > 0) return milliseconds;
  throw new InvalidOptionError(option, 'longer than 0', duration);
}

function checkSignals(signals: unknown = ['SIGINT', 'SIGTERM']): readonly NodeJS.Signals[] {
  if (signals === false) return [];
  if (Array.isArray(signals) && signals.every(isSignal)) return [...new Set(signals)];
  throw new InvalidOptionError('signals', "a list of signals, as ['SIGINT', 'SIGTERM'], or false for none", signals);
}

function isSignal(name: unknown): name is NodeJS.Signals {
  // These two cannot be listened to.
  return typeof name === 'string' && Object.hasOwn(constants.signals, name) && name !== 'SIGKILL' && name !== 'SIGSTOP';
}

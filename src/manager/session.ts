import { availableParallelism } from 'node:os';
import { openBackend } from '../backends/open.ts';
import type { Backend, Settlement } from '../contract/backend.ts';
import { ObservedBackend } from '../contract/observed.ts';
import type { ClaimedJob } from '../core/envelope.ts';
import { CanceledError } from '../core/errors.ts';
import type { JobEvent } from '../core/events.ts';
import { InlineProcessor } from '../processors/inline.ts';
import { listenForStrayRejections } from '../processors/stray-rejections.ts';
import { settlesWithin } from '../runtime/abort.ts';
import { BusyPoll } from '../runtime/busy-poll.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { Declarer } from './declarer.ts';
import { Dispatcher } from './dispatcher.ts';
import { Executor } from './executor.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Settings } from './options.ts';
import { namesOf, queueOrder } from './queue-order.ts';
import { Reporter } from './reporter.ts';
import { StoreRequests } from './requests.ts';
import { onSignals } from './signals.ts';

/** Why a manager stops: it was told to, by a call or by a signal, or it cannot go on. */
export type StopReason = 'stop' | 'error' | NodeJS.Signals;

/** Whom a session tells what happens. None of these may throw. */
export interface SessionEvents {
  readonly started: (worker: string, queues: readonly string[]) => void;
  readonly stopping: (reason: StopReason) => void;
  readonly job: (event: JobEvent) => void;
  /** Whether anybody wants to be told of a job event. */
  readonly isHeard: (event: JobEvent['event']) => boolean;
  readonly lost: (worker: string, jobs: readonly ClaimedJob[]) => void;
  readonly stale: (settlement: Settlement) => void;
}

/** How long handing back may take once the grace period is over, in milliseconds; afterwards the lease takes care. */
const HAND_BACK_TIME = 3_000;
/** How long a backend that does not answer may keep a stopping manager from ending, in milliseconds. */
const PATIENCE = 1_000;
/**
 * How long a leader leads after its last sign of life, in milliseconds, and no longer than a third of a lease. So short that a lease
 * which ends is noticed in time even where three leaders in a row die.
 */
const LEADERSHIP = 4_000;

/** One run of a manager, from its start to its stop. */
export class Session {
  readonly #settings: Settings;
  readonly #surroundings: Surroundings;
  readonly #events: SessionEvents;
  readonly #stopAsked: Promise<void>;
  #askToStop: () => void = () => {};
  #served: Promise<void> = Promise.resolve();
  #isStopping = false;
  #dispatcher: Dispatcher | null = null;

  constructor(settings: Settings, surroundings: Surroundings, events: SessionEvents) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#events = events;
    this.#stopAsked = new Promise((resolve) => {
      this.#askToStop = resolve;
    });
  }

  get worker(): string | null {
    return this.#dispatcher?.worker ?? null;
  }

  get processing(): readonly ClaimedJob[] {
    return this.#dispatcher?.processing ?? [];
  }

  /**
   * Works until it is stopped, and settles when all is quiet.
   * @throws what opening the backend throws; `WINGMAN_BACKEND_CLOSED` when it was closed under the session
   */
  serve(): Promise<void> {
    const forget = onSignals(this.#settings.signals, {
      first: (signal) => this.stop(signal),
      second: (signal) => this.#endNow(signal),
    });
    this.#served = this.#serve().finally(forget);
    return this.#served;
  }

  /** Begins to stop. Repeated, it does nothing. */
  stop(reason: StopReason): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const fields = { reason, processing: this.processing.length, grace: this.#settings.grace };
    this.#surroundings.logger.info(fields, 'manager stopping: no more jobs are claimed, running ones may finish');
    this.#events.stopping(reason);
    this.#askToStop();
  }

  async #serve(): Promise<void> {
    const { backend: source } = this.#settings;
    if (typeof source !== 'string') return this.#serveOn(source);
    const backend = await openBackend(source);
    try {
      await this.#serveOn(backend);
    } finally {
      await this.#end(() => backend.close(), 'closing the backend');
    }
  }

  async #serveOn(backend: Backend): Promise<void> {
    if (this.#isStopping) return;
    const { concurrency, handlers, heartbeat: interval, keepFailed, lease, schedules, stuckAfter } = this.#settings;
    const observed = new ObservedBackend(backend, this.#events.job, this.#surroundings.clock, this.#events.isHeard);
    const declarer = new Declarer(observed, schedules, this.#surroundings);
    await declarer.check();
    let beat: Heartbeat | undefined;
    let scheduler: Scheduler | undefined;
    const reporter = new Reporter(observed, this.#surroundings);
    const dispatcher = this.#makeDispatcher(observed, reporter, () => {
      beat?.assign();
      scheduler?.assign();
    });
    await dispatcher.join();
    this.#dispatcher = dispatcher;
    beat = new Heartbeat(
      {
        backend: observed,
        interval,
        lease,
        stuckAfter,
        worker: () => dispatcher.worker,
        lost: (worker) => dispatcher.lose(worker),
      },
      this.#surroundings,
    );
    scheduler = new Scheduler(
      {
        ...{ backend: observed, types: [...handlers.keys()], keepFailed },
        leadership: Math.min(LEADERSHIP, lease / 3),
        interval: this.#settings.pollInterval,
        self: () => ({ worker: dispatcher.worker, lease, queues: dispatcher.awaited }),
        told: ({ renewed, toCancel, hasWork, owned }, worker, asked) => {
          if (worker === null || worker !== dispatcher.worker) return;
          if (!renewed) return dispatcher.lose(worker);
          beat?.renewed(asked);
          for (const token of toCancel) dispatcher.cancel(token);
          dispatcher.hear(hasWork, owned);
        },
      },
      this.#surroundings,
    );
    const forget = listenForStrayRejections();
    beat.start();
    scheduler.start();
    declarer.start();
    this.#announce(dispatcher.worker ?? '', observed.location, concurrency);
    try {
      await this.#pump(dispatcher);
    } finally {
      const daemons = Promise.all([beat.stop(), scheduler.stop(), declarer.stop(), reporter.stop()]);
      await this.#end(() => daemons, 'stopping the daemons');
      const { worker } = dispatcher;
      if (worker !== null) await this.#end(() => backend.retire(worker), 'retiring the worker');
      this.#dispatcher = null;
      forget();
      this.#surroundings.logger.info({ worker }, 'manager stopped');
    }
  }

  #makeDispatcher(backend: Backend, reporter: Reporter, joined: () => void): Dispatcher {
    const { handlers, queues, concurrency, lease, random, clock } = this.#settings;
    const processor = new InlineProcessor({ handlers, clock, random, maxPayload: backend.maxPayload });
    const requests = new StoreRequests(backend, this.#surroundings);
    const executor = new Executor(processor, { requests, reporter, surroundings: this.#surroundings });
    const dispatcher = new Dispatcher(
      {
        backend,
        queueOrder: queueOrder(queues, random),
        takes: { queues: namesOf(queues), types: [...handlers.keys()] },
        concurrency,
        lease,
        busyPoll: this.#busyPollFor(backend),
        joined,
        lost: this.#events.lost,
        stale: this.#events.stale,
        execute: (run, now) => executor.execute(run, now),
      },
      this.#surroundings,
    );
    return dispatcher;
  }

  #busyPollFor({ overlaps }: Backend): BusyPoll | null {
    const { busyPoll, clock } = this.#settings;
    return busyPoll && overlaps && availableParallelism() > 1 ? new BusyPoll(clock) : null;
  }

  #announce(worker: string, location: string, concurrency: number): void {
    const { queues } = this.#settings;
    this.#surroundings.logger.info({ worker, queues, concurrency, backend: location }, 'manager started');
    this.#events.started(worker, namesOf(queues));
  }

  /** Claims and runs until told to stop, then lets what runs finish, then hands back the rest. */
  async #pump(dispatcher: Dispatcher): Promise<void> {
    if (this.#isStopping) dispatcher.drain();
    const drained = dispatcher.run();
    try {
      await Promise.race([drained, this.#stopAsked]);
    } catch (error) {
      this.#surroundings.logger.error({ err: error }, 'the manager cannot go on');
      this.#surroundings.failed(error);
      this.stop('error');
      dispatcher.drain();
      await dispatcher.abort(new CanceledError('aborted', 'the manager lost its backend'));
      throw error;
    }
    dispatcher.drain();
    await this.#drain(dispatcher, drained);
  }

  async #drain(dispatcher: Dispatcher, drained: Promise<void>): Promise<void> {
    const { clock, logger } = this.#surroundings;
    if (await settlesWithin(drained, this.#settings.grace, clock)) return drained;
    const late = dispatcher.processing.map(({ id, type }) => ({ id, type }));
    if (late.length > 0)
      logger.warn({ jobs: late }, 'the grace period is over: what still runs is aborted and handed back');
    const aborted = dispatcher.abort(new CanceledError('aborted', 'the manager stops and its grace period is over'));
    if (await settlesWithin(drained, HAND_BACK_TIME, clock)) return drained;
    logger.error({}, 'the backend does not answer: what this worker still owns is left to the end of its lease');
    dispatcher.giveUp();
    await Promise.allSettled([aborted, drained]);
  }

  /** The second signal: everything that runs is handed back at once, and the process may die. */
  async #endNow(signal: NodeJS.Signals): Promise<void> {
    const reason = new CanceledError('aborted', `the manager was ended by a second ${signal}`);
    const jobs = this.#dispatcher?.handBack(reason) ?? [];
    const fields = { signal, jobs: jobs.map(({ id, type }) => ({ id, type })) };
    this.#surroundings.logger.warn(fields, 'manager ended at once: running jobs are handed back');
    await settlesWithin(this.#served, PATIENCE, this.#surroundings.clock);
  }

  /** One step of the way out: neither a failure nor silence of the backend stops it. */
  async #end(step: () => Promise<unknown>, what: string): Promise<void> {
    const { clock, logger } = this.#surroundings;
    const ended = step().catch((error: unknown) => logger.warn({ err: error }, `${what} failed`));
    if (!(await settlesWithin(ended, PATIENCE, clock))) logger.warn({}, `${what} takes too long; going on without it`);
  }
}

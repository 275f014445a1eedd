import { WingmanError } from '../core/errors.ts';
import type { JobEvents } from '../core/events.ts';
import type { Outcome } from '../core/outcome.ts';
import { Emitter } from '../runtime/emitter.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { checkOptions, type ManagerOptions, type Settings } from './options.ts';
import { Session, type StopReason } from './session.ts';

/** What a manager tells its listeners, by the name of the event. */
export interface ManagerEvents extends JobEvents {
  readonly started: { readonly worker: string; readonly queues: readonly string[] };
  readonly stopping: { readonly reason: StopReason };
  readonly stopped: { readonly reason: StopReason };
  /** Its lease has ended: the jobs that it was running have had their signals aborted, and run again elsewhere. */
  readonly leaseLost: {
    readonly worker: string;
    readonly jobs: readonly { readonly id: string; readonly type: string }[];
  };
  /** The backend refused the result of a run, which no longer owned its job. It is logged in any case. */
  readonly stale: {
    readonly id: string;
    readonly queue: string;
    readonly type: string;
    readonly worker: string;
    readonly token: string;
    readonly attempt: number;
    readonly outcome: Outcome['kind'];
  };
  /** The first failure of each outage, or what ended the manager. It is logged in any case. */
  readonly error: unknown;
}

/**
 * Claims jobs from queues, runs their handlers, and settles each attempt in the books.
 *
 * States: stopped, running (from `start` until all is quiet again). `start` rejects while it runs; `stop` does nothing while
 * it does not.
 */
export class Manager {
  readonly #settings: Settings;
  readonly #surroundings: Surroundings;
  readonly #emitter: Emitter<ManagerEvents>;
  #session: Session | null = null;
  #quiet: Promise<void> = Promise.resolve();

  /** @throws InvalidOptionError for an option that makes no sense, with the value received */
  constructor(options: ManagerOptions) {
    this.#settings = checkOptions(options);
    const { clock, random, logger } = this.#settings;
    this.#emitter = new Emitter((thrown, event) =>
      logger.error({ err: thrown, event }, `a listener of '${event}' threw`),
    );
    this.#surroundings = { clock, random, logger, failed: (error) => this.#emitter.emit('error', error) };
  }

  /** The name under which it claims now, or null when it does not. */
  get worker(): string | null {
    return this.#session?.worker ?? null;
  }

  /** How many jobs it is running now. */
  get processing(): number {
    return this.#session?.processing.length ?? 0;
  }

  /** Calls `listener` for each event of this name. What a listener throws is logged, and reaches nobody else. */
  on<Name extends keyof ManagerEvents>(name: Name, listener: (event: ManagerEvents[Name]) => unknown): this {
    this.#emitter.on(name, listener);
    return this;
  }

  once<Name extends keyof ManagerEvents>(name: Name, listener: (event: ManagerEvents[Name]) => unknown): this {
    this.#emitter.once(name, listener);
    return this;
  }

  off<Name extends keyof ManagerEvents>(name: Name, listener: (event: ManagerEvents[Name]) => unknown): this {
    this.#emitter.off(name, listener);
    return this;
  }

  /**
   * Works until it is stopped, and settles then, as a server's `listen` would. It can be started again afterwards.
   * @throws WingmanError `WINGMAN_MANAGER_RUNNING` when it runs already; what opening the backend throws;
   *   `WINGMAN_BACKEND_CLOSED` when the backend was closed under it
   */
  async start(): Promise<void> {
    if (this.#session !== null) {
      throw new WingmanError(
        'WINGMAN_MANAGER_RUNNING',
        'this manager is running already: stop it first, or make another',
      );
    }
    let reason: StopReason | null = null;
    const session = new Session(this.#settings, this.#surroundings, {
      started: (worker, queues) => this.#emitter.emit('started', { worker, queues }),
      stopping: (why) => {
        reason = why;
        this.#emitter.emit('stopping', { reason: why });
      },
      job: (event) => this.#emitter.emit(event.event, event),
      isHeard: (event) => this.#emitter.isHeard(event),
      lost: (worker, jobs) =>
        this.#emitter.emit('leaseLost', { worker, jobs: jobs.map(({ id, type }) => ({ id, type })) }),
      stale: ({ job: { id, queue, type, worker, token, attempts }, outcome }) =>
        this.#emitter.emit('stale', { id, queue, type, worker, token, attempt: attempts + 1, outcome: outcome.kind }),
    });
    this.#session = session;
    const served = session.serve().finally(() => {
      this.#session = null;
      // A start that failed has nothing to stop.
      if (reason !== null) this.#emitter.emit('stopped', { reason });
    });
    this.#quiet = served.catch(() => {
      // Whoever called `start` is told.
    });
    return served;
  }

  /**
   * Claims no more, gives running handlers the grace period, aborts the signals of the rest and hands them back without
   * costing them an attempt. Settles when all is quiet, as does every other call meanwhile; never rejects.
   */
  stop(): Promise<void> {
    this.#session?.stop('stop');
    return this.#session === null ? Promise.resolve() : this.#quiet;
  }
}

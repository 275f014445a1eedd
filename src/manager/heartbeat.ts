import { Worker } from 'node:worker_threads';
import type { Backend } from '../contract/backend.ts';
import { settlesWithin } from '../runtime/abort.ts';
import type { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { compiled } from '../runtime/thread.ts';
import { heartbeatLoop } from './heartbeat-loop.ts';
import type { Assignment, Report, ThreadData } from './heartbeat-thread.ts';
import { Pulse } from './pulse.ts';

export interface HeartbeatOptions {
  readonly backend: Backend;
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds. */
  readonly lease: number;
  /** How long the main loop may be stuck before its lease is given up, in milliseconds. */
  readonly stuckAfter: number;
  /** Whose lease to renew now; null for nobody's. */
  readonly worker: () => string | null;
  readonly lost: (worker: string) => void;
}

const THREAD = new URL('./heartbeat-thread.js', compiled(import.meta.url));

/** How long the thread has to end by itself, in milliseconds. */
const END_TIME = 800;

/** How often the main loop leaves its sign of life, in milliseconds, unless it may be stuck for hardly longer than that. */
const PULSE = 1_000;

/**
 * Renews the worker's lease where the check-ins do not, from a thread of its own, so that a handler which blocks the event loop does
 * not lose it. Until the thread is up, where it dies, and where the store cannot be opened once more (in memory, or through a
 * user's own client), the renewals are made on the main loop.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #surroundings: Surroundings;
  readonly #pulse = new Pulse();
  readonly #loop: Loop;
  #thread: Worker | null = null;
  #endPulse: (() => void) | null = null;
  #isThreadBeating = false;

  constructor(options: HeartbeatOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    const worker = (): string | null => (this.#isThreadBeating ? null : options.worker());
    const sinceRenewal = (): number => this.#pulse.sinceRenewal();
    this.#loop = heartbeatLoop({ ...options, worker, sinceRenewal }, surroundings);
  }

  start(): void {
    this.#loop.start();
    this.#startThread();
  }

  /** To be told when the worker's name has changed. */
  assign(): void {
    this.#tell({ worker: this.#options.worker() });
  }

  /** A check-in that was sent at this time, by the monotonic clock, has extended the lease. */
  renewed(asked: number): void {
    this.#pulse.renewed(this.#surroundings.clock.monotonic() - asked);
  }

  /** Settles when nobody renews the lease any more. */
  async stop(): Promise<void> {
    this.#endPulse?.();
    const thread = this.#thread;
    if (thread === null) return this.#loop.stop();
    this.#tell('end');
    this.#thread = null;
    await Promise.all([this.#loop.stop(), this.#ended(thread)]);
  }

  #tell(assignment: Assignment): void {
    this.#thread?.postMessage(assignment);
  }

  /** A thread that is terminated in the middle of a call into SQLite may take the process with it: it ends by itself, if it can. */
  async #ended(thread: Worker): Promise<void> {
    const exited = new Promise((resolve) => thread.once('exit', resolve));
    if (!(await settlesWithin(exited, END_TIME, this.#surroundings.clock))) await thread.terminate();
  }

  #startThread(): void {
    const { backend, interval, lease, stuckAfter } = this.#options;
    if (backend.reopen === null) return;
    const { module, options } = backend.reopen;
    const reopen = { module: compiled(module), options };
    const data: ThreadData = { reopen, pulse: this.#pulse.memory, interval, lease, stuckAfter };
    const thread = new Worker(THREAD, { workerData: data });
    this.#thread = thread;
    // It must not keep a process alive that is done.
    thread.unref();
    thread.on('message', (report: Report) => this.#hear(report));
    thread.on('error', (error) => this.#lose(thread, error));
    thread.on('exit', () => this.#lose(thread, undefined));
    // It waits for the thread to listen: the main loop may be stuck by then, and could not answer it.
    this.assign();
    this.#beat(Math.min(PULSE, stuckAfter / 4));
  }

  #beat(interval: number): void {
    this.#pulse.beat();
    this.#endPulse = this.#surroundings.clock.after(interval, () => this.#beat(interval));
  }

  #hear(report: Report): void {
    const { logger } = this.#surroundings;
    switch (report.kind) {
      case 'beating':
        this.#isThreadBeating = true;
        logger.debug({}, 'the heartbeat thread beats');
        break;
      case 'lost':
        this.#options.lost(report.worker);
        break;
      case 'stuck':
        logger.error(
          { worker: report.worker, silence: report.silence },
          'the event loop was stuck for too long: the lease was not renewed any more',
        );
        break;
      case 'log':
        logger[report.level](report.fields, report.message);
    }
  }

  #lose(thread: Worker, error: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    this.#isThreadBeating = false;
    this.#endPulse?.();
    this.#surroundings.logger.warn(
      { ...(error !== undefined && { err: error }) },
      'the heartbeat thread ended: the lease is renewed on the main loop from now on',
    );
    this.#loop.wake();
  }
}

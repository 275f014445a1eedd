// A manager that stands for a process of its own: it has a history of its own, and can be killed, or stopped and continued.

import { setMaxListeners } from 'node:events';
import type { Backend, ExchangeRequest } from '../../../src/contract/backend.ts';
import { BackendError, WingmanError } from '../../../src/core/errors.ts';
import { defineJob } from '../../../src/core/job.ts';
import { Manager } from '../../../src/manager/manager.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { History } from '../history/history.mjs';
import { makeHandlers } from '../worker/handlers.mjs';
import { record } from '../worker/recording.mjs';

export const LEASE = 800;

export interface MemberOptions {
  readonly name: string;
  readonly store: Backend;
  readonly history: History;
  readonly folder: string;
  /** Told when a handler wants this member killed. */
  readonly wantsToDie: () => void;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const never = new Promise<never>(() => {});
/** The reply of each so many exchanges is lost. */
const LOSE_EVERY = 7;

export class Member {
  readonly name: string;
  readonly manager: Manager;
  readonly #options: MemberOptions;
  #isDead = false;
  #exchanges = 0;
  /** The job whose settle it never sends before it is resumed. */
  #pausesAt: string | null = null;
  /** Calls wait here while the process is stopped. */
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  readonly #ended = new AbortController();

  constructor(options: MemberOptions) {
    // One listener for each call of a dead process: that many are no leak.
    setMaxListeners(0, this.#ended.signal);
    this.name = options.name;
    this.#options = options;
    // What a process would tell that is dead, it does not tell.
    const history: History = {
      ...options.history,
      write: (event) => {
        if (!this.#isDead) options.history.write(event);
      },
    };
    const { store, folder, wantsToDie } = options;
    const handlers = makeHandlers({
      defineJob,
      history,
      folder,
      worker: () => this.manager.worker,
      sleep: async (milliseconds) => {
        await systemClock.sleep(milliseconds);
        if (this.#isDead) await never;
      },
      die: () => {
        wantsToDie();
        return never;
      },
    });
    this.manager = new Manager({
      backend: this.#through(store),
      handlers,
      concurrency: 3,
      lease: LEASE,
      heartbeat: 150,
      pollInterval: 1_000,
      grace: 0,
      signals: false,
      logger: silent,
    });
    record(this.manager, history);
  }

  /** Resolves when it claims. */
  async start(): Promise<void> {
    const started = new Promise((resolve) => this.manager.once('started', resolve));
    const ended = this.manager.start().catch(() => undefined);
    await Promise.race([started, ended]);
  }

  kill(): void {
    this.#isDead = true;
  }

  /**
   * Stops it as a signal would, in the moment when it sends this job's settle: the handler has ended, and the store will hear of
   * it when somebody else runs the job.
   */
  pauseAtSettle(id: string): void {
    this.#pausesAt = id;
  }

  resume(): void {
    this.#open();
  }

  /** Ends it for good: with the test, nothing is left. */
  async end(): Promise<void> {
    this.resume();
    this.#ended.abort();
    await this.manager.stop();
  }

  #through(store: Backend): Backend {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || name === 'close') return value;
        if (name === 'exchangeWhenWoken') return this.#whenWoken(target);
        return (...args: unknown[]) => this.#call(String(name), args, () => Reflect.apply(value, target, args));
      },
    });
  }

  /** As a server does it: nothing is claimed for a connection that has ended while it waited. */
  #whenWoken(store: Backend) {
    return async (...[call, request, options]: Parameters<Backend['exchangeWhenWoken']>): Promise<unknown> => {
      await this.#call('wait', [], () => store.wait(request.claim?.queues ?? [], options));
      return this.#call('exchange', [call, request], () => store.exchange(call, request));
    };
  }

  async #call(name: string, args: readonly unknown[], send: () => unknown): Promise<unknown> {
    if (this.#pausesAt !== null && name === 'exchange' && settles(args[1], this.#pausesAt)) this.#pause();
    await this.#gate;
    if (this.#isDead) await this.#whenEnded();
    const reply = await send();
    await this.#gate;
    if (this.#isDead) await this.#whenEnded();
    if (name === 'exchange' && this.#isLost()) {
      throw new BackendError('WINGMAN_BACKEND_UNREACHABLE', 'the reply was lost', 'unknown');
    }
    return reply;
  }

  #pause(): void {
    this.#pausesAt = null;
    this.#options.history.write({ kind: 'fault', name: 'pause', hits: this.name, number: 1 });
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  #isLost(): boolean {
    this.#exchanges += 1;
    if (this.#exchanges % LOSE_EVERY > 0) return false;
    this.#options.history.write({ kind: 'fault', name: 'lost reply', hits: 'network', number: 1 });
    return true;
  }

  /** A dead process waits for no answer; its manager is an object of ours, and must let go in the end. */
  async #whenEnded(): Promise<never> {
    const { signal } = this.#ended;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    throw new WingmanError('WINGMAN_BACKEND_CLOSED', 'the process is dead');
  }
}

function settles(request: unknown, id: string): boolean {
  return isRequest(request) && request.settlements.some(({ job }) => job.id === id);
}

// Whoever calls `exchange` is our own manager.
function isRequest(request: unknown): request is ExchangeRequest {
  return typeof request === 'object' && request !== null && 'settlements' in request;
}

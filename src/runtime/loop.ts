import { Backoff } from './backoff.ts';
import { Service } from './service.ts';
import type { Surroundings } from './surroundings.ts';

export interface LoopOptions {
  /** For the log, as `the promoter`. */
  readonly name: string;
  /** Milliseconds from the end of one tick to the next, where the tick gives no number. */
  readonly interval: number;
  /** One round of work. May give the milliseconds until the next. */
  readonly tick: (stopping: AbortSignal) => Promise<number | undefined>;
}

/** A daemon: one tick, then a sleep, until it is stopped. A tick that fails is repeated with growing waits, and never ends it. */
export class Loop {
  readonly #options: LoopOptions;
  readonly #surroundings: Surroundings;
  readonly #service: Service;
  #sleeping: AbortController | null = null;
  #isWoken = false;

  constructor(options: LoopOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#service = new Service((stopping) => this.#run(stopping));
  }

  start(): void {
    this.#service.start();
  }

  /** Settles when the tick in flight has ended. */
  stop(): Promise<void> {
    const quiet = this.#service.stop();
    this.wake();
    return quiet;
  }

  /** Ends the sleep, or makes the next one end at once. */
  wake(): void {
    this.#isWoken = true;
    this.#sleeping?.abort();
  }

  async #run(stopping: AbortSignal): Promise<void> {
    const { name, interval, tick } = this.#options;
    const { random, logger } = this.#surroundings;
    const backoff = new Backoff(random);
    while (!stopping.aborted) {
      this.#isWoken = false;
      let pause: number;
      try {
        pause = (await tick(stopping)) ?? interval;
        if (backoff.failures > 0) logger.info({ failures: backoff.failures }, `${name} works again`);
        backoff.reset();
      } catch (error) {
        // What a daemon leaves undone when it is stopped, the next one does.
        if (stopping.aborted) return;
        pause = this.#failed(error, backoff);
      }
      await this.#sleep(pause, stopping);
    }
  }

  #failed(error: unknown, backoff: Backoff): number {
    const { logger, failed } = this.#surroundings;
    const isFirst = backoff.failures === 0;
    const retryIn = backoff.next();
    if (isFirst) {
      logger.warn({ err: error, retryIn }, `${this.#options.name} failed; trying on until it works`);
      failed(error);
    }
    return retryIn;
  }

  async #sleep(milliseconds: number, stopping: AbortSignal): Promise<void> {
    if (this.#isWoken || stopping.aborted) return;
    this.#sleeping = new AbortController();
    await this.#surroundings.clock.sleep(milliseconds, this.#sleeping.signal);
    this.#sleeping = null;
  }
}

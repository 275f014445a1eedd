import type { Wake } from '../../contract/backend.ts';
import type { Clock } from '../../runtime/clock.ts';
import { shuffled } from '../../runtime/shuffled.ts';

/** Those who wait for work in this process. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Map<(wake: Wake) => void, readonly string[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async wait(queues: readonly string[], { timeout, signal }: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    if (signal?.aborted === true) return 'aborted';
    const ended = new AbortController();
    const end = (): void => ended.abort();
    signal?.addEventListener('abort', end, { once: true });
    try {
      return await new Promise<Wake>((resolve) => {
        const done = (wake: Wake): void => {
          this.#waiting.delete(done);
          resolve(wake);
        };
        this.#waiting.set(done, queues);
        this.#clock.sleep(timeout, ended.signal).then((passed) => done(passed ? 'timeout' : 'aborted'));
      });
    } finally {
      signal?.removeEventListener('abort', end);
      end();
    }
  }

  /** Wakes all who wait for a queue, in no order: of two, the same must not always be faster. */
  wake(queue: string): void {
    const woken = [...this.#waiting].filter(([, queues]) => queues.includes(queue));
    for (const [done] of shuffled(woken)) done('woken');
  }

  close(): void {
    for (const done of [...this.#waiting.keys()]) done('aborted');
  }
}

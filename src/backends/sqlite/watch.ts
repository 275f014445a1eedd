import type { Wake } from '../../contract/backend.ts';
import type { Clock } from '../../runtime/clock.ts';

export interface WatchSettings {
  readonly clock: Clock;
  /** Milliseconds between two looks for what other processes wrote. */
  readonly pollInterval: number;
  /** A number that changes when another process has written to the file; null where it is in the way just now. */
  readonly version: () => number | null;
  /** Whether jobs wait in a queue; null where another process is in the way. */
  readonly hasWaiting: (queue: string) => boolean | null;
}

/**
 * Those who wait for work in this process. What this process enqueues wakes them at once; for what others do, one of them
 * all looks at the file, as long as somebody waits.
 */
export class Watch {
  readonly #settings: WatchSettings;
  readonly #waiting = new Map<(wake: Wake) => void, readonly string[]>();
  /** Ends the looking; undefined while nobody waits. */
  #looking: AbortController | undefined;
  /** The version at which no queue that is waited for had a job; undefined where that is not known of all. */
  #seen: number | undefined;

  constructor(settings: WatchSettings) {
    this.#settings = settings;
  }

  async wait(queues: readonly string[], { timeout, signal }: { timeout: number; signal?: AbortSignal }): Promise<Wake> {
    const found = queues.map(this.#settings.hasWaiting);
    if (found.includes(true)) return 'woken';
    if (found.includes(null)) this.#seen = undefined;
    if (signal?.aborted === true) return 'aborted';
    const ended = new AbortController();
    const end = (): void => ended.abort();
    signal?.addEventListener('abort', end, { once: true });
    try {
      return await new Promise<Wake>((resolve) => {
        const done = (wake: Wake): void => {
          this.#waiting.delete(done);
          if (this.#waiting.size === 0) this.#stopLooking();
          resolve(wake);
        };
        this.#waiting.set(done, queues);
        this.#look();
        this.#settings.clock.sleep(timeout, ended.signal).then((passed) => done(passed ? 'timeout' : 'aborted'));
      });
    } finally {
      signal?.removeEventListener('abort', end);
      end();
    }
  }

  /** Wakes all who wait for one of these queues. */
  wake(queues: ReadonlySet<string>): void {
    if (queues.size === 0) return;
    for (const [done, awaited] of [...this.#waiting]) if (awaited.some((queue) => queues.has(queue))) done('woken');
  }

  close(): void {
    for (const done of [...this.#waiting.keys()]) done('aborted');
  }

  async #look(): Promise<void> {
    if (this.#looking !== undefined) return;
    const looking = new AbortController();
    this.#looking = looking;
    const { clock, pollInterval } = this.#settings;
    while (await clock.sleep(pollInterval, looking.signal)) this.#lookOnce();
  }

  #stopLooking(): void {
    this.#looking?.abort();
    this.#looking = undefined;
  }

  #lookOnce(): void {
    const { version, hasWaiting } = this.#settings;
    try {
      // Asked before the queues: what is written between the two is seen the next time.
      const current = version();
      if (current === null || current === this.#seen) return;
      const queues = new Set([...this.#waiting.values()].flat());
      const found = [...queues].map((queue) => [queue, hasWaiting(queue)] as const);
      this.#seen = found.some(([, has]) => has === null) ? undefined : current;
      this.wake(new Set(found.filter(([, has]) => has === true).map(([queue]) => queue)));
    } catch {
      // The file cannot be read: whoever asks for work next is told why.
      this.wake(new Set([...this.#waiting.values()].flat()));
    }
  }
}

import type { Wake } from '../../contract/backend.ts';
import type { Clock } from '../../runtime/clock.ts';
import { shuffled } from '../../runtime/shuffled.ts';

export interface WatchSettings {
  readonly clock: Clock;
  /** Milliseconds between two looks for what other processes wrote. */
  readonly pollInterval: number;
  /** A number that changes when another process has written to the file; null where it is in the way just now. */
  readonly version: () => number | null;
  /** Whether there is something for those who wait for this; null where another process is in the way. */
  readonly isThere: (awaited: string) => boolean | null;
}

/**
 * Those who wait in this process. One of them all looks at the file, as long as somebody waits, and only where it has changed; what this
 * process writes wakes at once where it is known whom.
 */
export class Watch {
  readonly #settings: WatchSettings;
  readonly #waiting = new Map<(wake: Wake) => void, readonly string[]>();
  /** Ends the looking; undefined while nobody waits. */
  #looking: AbortController | undefined;
  /** The version at which nothing was there of what is waited for; undefined where that is not known of all. */
  #seen: number | undefined;

  constructor(settings: WatchSettings) {
    this.#settings = settings;
  }

  async wait(
    awaited: readonly string[],
    { timeout, signal }: { timeout: number; signal?: AbortSignal },
  ): Promise<Wake> {
    const found = awaited.map(this.#settings.isThere);
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
        this.#waiting.set(done, awaited);
        this.#look();
        this.#settings.clock.sleep(timeout, ended.signal).then((passed) => done(passed ? 'timeout' : 'aborted'));
      });
    } finally {
      signal?.removeEventListener('abort', end);
      end();
    }
  }

  /** Wakes all who wait for one of these, in no order: of two, the same must not always be faster. */
  wake(there: ReadonlySet<string>): void {
    const woken = [...this.#waiting].filter(([, awaited]) => awaited.some((name) => there.has(name)));
    for (const [done] of shuffled(woken)) done('woken');
  }

  /** This process has written, which the version does not tell: who waits is looked for at the next look. */
  written(): void {
    this.#seen = undefined;
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
    const { version, isThere } = this.#settings;
    try {
      // Asked first: what is written between the two is seen the next time.
      const current = version();
      if (current === null || current === this.#seen) return;
      const awaited = new Set([...this.#waiting.values()].flat());
      const found = [...awaited].map((name) => [name, isThere(name)] as const);
      this.#seen = found.some(([, has]) => has === null) ? undefined : current;
      this.wake(new Set(found.filter(([, has]) => has === true).map(([name]) => name)));
    } catch {
      // The file cannot be read: whoever asks next is told why.
      this.wake(new Set([...this.#waiting.values()].flat()));
    }
  }
}

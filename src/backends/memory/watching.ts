import { type JobView, MOST_WATCHERS, WATCH_LEASE, type Watch } from '../../contract/backend.ts';
import type { Clock } from '../../runtime/clock.ts';

interface Watcher {
  readonly until: number;
  readonly every: boolean;
}

/** Who watches which jobs, what there is to tell them, and how those ended that were watched. */
export class Watching {
  readonly #clock: Clock;
  readonly #wake: (watcher: string) => void;
  /** Job id to those who watch it. */
  readonly #watchers = new Map<string, Map<string, Watcher>>();
  /** Watcher to the ids of the jobs that something has happened to. */
  readonly #news = new Map<string, Set<string>>();
  readonly #ended = new Map<string, { readonly view: JobView; readonly until: number }>();

  /** @param wake called with each watcher for whom there is news */
  constructor(clock: Clock, wake: (watcher: string) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  watch(watcher: string, { id, every }: Watch): void {
    const now = this.#clock.now();
    const watchers = this.#watchers.get(id) ?? new Map<string, Watcher>();
    for (const [name, { until }] of watchers) if (until <= now) watchers.delete(name);
    if (watchers.size < MOST_WATCHERS || watchers.has(watcher)) {
      watchers.set(watcher, { until: now + WATCH_LEASE, every });
      this.#watchers.set(id, watchers);
    }
    this.#seen(watcher, id);
  }

  unwatch(watcher: string, id: string): void {
    const watchers = this.#watchers.get(id);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#watchers.delete(id);
    this.#seen(watcher, id);
  }

  newsFor(watcher: string): readonly string[] {
    return [...(this.#news.get(watcher) ?? [])];
  }

  /** Tells those who watch a job. Returns whether anybody does. */
  tell(id: string, hasEnded: boolean): boolean {
    const now = this.#clock.now();
    let isWatched = false;
    for (const [watcher, { until, every }] of this.#watchers.get(id) ?? []) {
      if (until <= now) continue;
      isWatched = true;
      if (!every && !hasEnded) continue;
      const news = this.#news.get(watcher) ?? new Set<string>();
      this.#news.set(watcher, news.add(id));
      this.#wake(watcher);
    }
    return isWatched;
  }

  /** A job has left the books: how it ended is known for as long as one who watched it may ask. */
  gone(view: JobView): void {
    const now = this.#clock.now();
    for (const [id, { until }] of this.#ended) if (until <= now) this.#ended.delete(id);
    const { id } = view.job;
    if (this.tell(id, true)) this.#ended.set(id, { view, until: now + WATCH_LEASE });
    // That of an earlier job with this id.
    else this.#ended.delete(id);
    this.#watchers.delete(id);
  }

  ended(id: string): JobView | null {
    const ended = this.#ended.get(id);
    return ended !== undefined && ended.until > this.#clock.now() ? ended.view : null;
  }

  #seen(watcher: string, id: string): void {
    const news = this.#news.get(watcher);
    news?.delete(id);
    if (news?.size === 0) this.#news.delete(watcher);
  }
}

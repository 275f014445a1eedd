import {
  type JobStanding,
  type JobView,
  MOST_WATCHES,
  type Report,
  type ResultStore,
  type Watch,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import { hasEnded } from '../../core/states.ts';
import type { Desk } from './desk.ts';
import { ownedEntry } from './exchange.ts';
import { viewOf } from './looking.ts';

/** How far jobs are and what they gave, in the plainest way. */
export class MemoryResults implements ResultStore {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async report(call: Call, reports: readonly Report[]): Promise<readonly ('kept' | 'stale')[]> {
    return this.#desk.once(call, () => reports.map((report) => this.#report(report)));
  }

  #report({ job, progress }: Report): 'kept' | 'stale' {
    const { books } = this.#desk;
    const entry = ownedEntry(books, job);
    if (entry === undefined) return 'stale';
    entry.progress = progress;
    books.tell(entry);
    return 'kept';
  }

  async watch(watcher: string, watches: readonly Watch[]): Promise<readonly (JobStanding | null)[]> {
    this.#desk.open();
    const { books, watching } = this.#desk;
    return watches.map((watch) => {
      const view = viewOf(books, watch.id) ?? watching.ended(watch.id);
      if (view === null || !hasEnded(view.state)) watching.watch(watcher, watch);
      else watching.unwatch(watcher, watch.id);
      return view === null ? null : standingOf(view);
    });
  }

  async unwatch(watcher: string, ids: readonly string[]): Promise<void> {
    this.#desk.open();
    for (const id of ids) this.#desk.watching.unwatch(watcher, id);
  }

  async news(watcher: string, options: { timeout: number; signal?: AbortSignal }): Promise<readonly string[]> {
    this.#desk.open();
    const look = (): readonly string[] => this.#desk.watching.newsFor(watcher).slice(0, MOST_WATCHES);
    const now = look();
    if (now.length > 0) return now;
    return (await this.#desk.watchers.wait([watcher], options)) === 'woken' ? look() : [];
  }

  async ended(id: string): Promise<JobView | null> {
    this.#desk.open();
    return viewOf(this.#desk.books, id) === null ? this.#desk.watching.ended(id) : null;
  }
}

function standingOf({ state, progress, result, failures }: JobView): JobStanding {
  const failure = state === 'failed' ? failures.at(-1) : undefined;
  return {
    state,
    ...(progress !== undefined && { progress }),
    ...(result !== undefined && { result }),
    ...(failure !== undefined && { failure }),
  };
}

import { WATCH_LEASE } from '../../contract/backend.ts';
import type { State } from '../../core/states.ts';
import type { Connection } from './connection.ts';
import type { Glance } from './glance.ts';
import { text, toJob } from './rows.ts';
import { results, watching } from './statements.ts';

/** The job that something happens to, as far as those are concerned who are told of it. */
interface Told {
  readonly sequence: number;
  readonly id: string;
}

/** What few jobs have beside them, within one transaction: progress, and those who watch them. Whether there is any is asked once, for all. */
export class Telling {
  /** The watchers for whom there is news. */
  readonly told = new Set<string>();
  readonly #connection: Connection;
  readonly #now: number;
  readonly #glance: Glance;

  constructor(connection: Connection, glance: Glance, now: number) {
    this.#connection = connection;
    this.#glance = glance;
    this.#now = now;
  }

  /** Whether any job is watched, or was when it ended. */
  get areWatched(): boolean {
    return this.#glance.isWatched;
  }

  /** Tells the watchers of a job that something has happened to it. Whether anybody watches it. */
  tell(id: string, hasEnded: boolean): boolean {
    if (!this.areWatched) return false;
    const watchers = this.#connection.all(watching.of, id, this.#now);
    for (const row of watchers) {
      if (row.every === 0 && !hasEnded) continue;
      const watcher = text(row.watcher);
      this.#connection.run(watching.tell, watcher, id, this.#now + WATCH_LEASE);
      this.told.add(watcher);
    }
    return watchers.length > 0;
  }

  /** The same of a job that is about to be removed: how it ended is kept for as long as one who watched it may ask. */
  end({ sequence, id }: Told, state: State): void {
    if (!this.areWatched) return;
    if (!this.tell(id, true)) {
      // Of an earlier job with this id.
      this.#connection.run(watching.dropEnded, id);
      return;
    }
    const row = this.#connection.get(watching.job, sequence);
    const job = row === undefined ? '' : toJob(row);
    const progress = this.#connection.get(results.progressOf, sequence)?.progress ?? null;
    const until = this.#now + WATCH_LEASE;
    this.#connection.run(watching.end, id, state, JSON.stringify(job), progress, until);
    this.#connection.run(watching.drop, id);
  }

  /** Removes what stands beside a job that is removed. */
  forget(sequence: number): void {
    if (this.#glance.hasProgress) this.#connection.run(results.dropProgress, sequence);
  }
}

import {
  type JobStanding,
  type JobView,
  MOST_WATCHERS,
  MOST_WATCHES,
  type Report,
  type ResultStore,
  WATCH_LEASE,
  type Watch,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { StoredJob } from '../../core/envelope.ts';
import { hasEnded } from '../../core/states.ts';
import type { Books } from './books.ts';
import type { Connection } from './connection.ts';
import type { Desk } from './desk.ts';
import { toFailedAttempt } from './inspecting.ts';
import { toToken } from './numbers.ts';
import { once } from './replies.ts';
import { integer, text, toEndState, toState } from './rows.ts';
import { questions, results, watching } from './statements.ts';

/** How far jobs are and what they gave. */
export class SqliteResults implements ResultStore {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  report(call: Call, reports: readonly Report[]): Promise<readonly ('kept' | 'stale')[]> {
    return this.#desk.write((books) => once(books, call, () => reports.map((one) => report(books, one))));
  }

  watch(watcher: string, watches: readonly Watch[]): Promise<readonly (JobStanding | null)[]> {
    return this.#desk.write((books) => watches.map((one) => watch(books, watcher, one)));
  }

  async unwatch(watcher: string, ids: readonly string[]): Promise<void> {
    await this.#desk.write(({ connection }) => {
      for (const id of ids) unwatch(connection, watcher, id);
    });
  }

  async news(watcher: string, options: { timeout: number; signal?: AbortSignal }): Promise<readonly string[]> {
    this.#desk.assertOpen();
    // As soon as there is some: so that what is there already is given at once.
    if ((await this.#desk.waitForNews(watcher, options)) !== 'woken') return [];
    return this.#desk.read((connection) =>
      connection.all(watching.news, watcher, MOST_WATCHES).map(({ id }) => text(id)),
    );
  }

  ended(id: string): Promise<JobView | null> {
    const { clock } = this.#desk.settings;
    return this.#desk.read((connection) => {
      if (connection.get(questions.entry, id) !== undefined) return null;
      const row = connection.get(watching.ended, id, clock.now());
      const job: unknown = row === undefined ? null : JSON.parse(text(row.job));
      if (row === undefined || !isJob(job)) return null;
      const view = { job, state: toEndState(text(row.state)), failures: [] };
      return row.progress === null ? view : { ...view, progress: text(row.progress) };
    });
  }
}

function report(books: Books, { job, progress }: Report): 'kept' | 'stale' {
  const token = toToken(job.token);
  if (token === null || books.connection.run(results.report, progress, job.id, token) === 0) return 'stale';
  books.telling.tell(job.id, false);
  return 'kept';
}

function watch({ connection, now }: Books, watcher: string, { id, every }: Watch): JobStanding | null {
  const standing = standingOf(connection, id, now);
  if (standing !== null && hasEnded(standing.state)) {
    unwatch(connection, watcher, id);
    return standing;
  }
  connection.run(watching.seen, watcher, id);
  connection.run(watching.dropOld, id, now);
  if (integer(connection.get(watching.count, id, watcher)?.watchers) < MOST_WATCHERS) {
    connection.run(watching.watch, id, watcher, every ? 1 : 0, now + WATCH_LEASE);
  }
  return standing;
}

function unwatch(connection: Connection, watcher: string, id: string): void {
  connection.run(watching.unwatch, id, watcher);
  connection.run(watching.seen, watcher, id);
}

function standingOf(connection: Connection, id: string, now: number): JobStanding | null {
  const row = connection.get(results.standing, id);
  if (row === undefined) {
    const ended = connection.get(watching.ended, id, now);
    if (ended === undefined) return null;
    const state = toEndState(text(ended.state));
    return ended.progress === null ? { state } : { state, progress: text(ended.progress) };
  }
  const state = toState(text(row.state));
  const failure = state === 'failed' ? connection.get(results.lastFailure, integer(row.sequence)) : undefined;
  return {
    state,
    ...(row.progress !== null && { progress: text(row.progress) }),
    ...(row.result !== null && { result: text(row.result) }),
    ...(failure !== undefined && { failure: toFailedAttempt(failure) }),
  };
}

/** What is damaged in the books is kept as the reason why. */
function isJob(value: unknown): value is StoredJob {
  return typeof value === 'object' && value !== null;
}

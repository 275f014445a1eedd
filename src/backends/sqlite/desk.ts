import type { Reopen } from '../../contract/backend.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Books } from './books.ts';
import type { Connection } from './connection.ts';
import { closed, isBusy, toWingmanError } from './errors.ts';
import type { OpenFile } from './file.ts';
import { hasNews, hasWaiting } from './inspecting.ts';
import { integer } from './rows.ts';
import { Watch } from './watch.ts';

export interface SqliteSettings {
  readonly path: string;
  readonly clock: Clock;
  readonly maxPayload: number;
  /** How long a grant is kept before it may pass to another queue, in milliseconds. */
  readonly grantTimeout: number;
  /** Milliseconds between two looks for what other processes wrote. */
  readonly pollInterval: number;
  readonly reopen: Reopen | null;
}

/** What every concern of the backend works with: transactions over the file, and those who wait. */
export class Desk {
  readonly file: OpenFile;
  readonly settings: SqliteSettings;
  /** Those who wait for work, by queue. */
  readonly watch: Watch;
  /** Those who wait for news of jobs, by their names as watchers. */
  readonly news: Watch;

  constructor(file: OpenFile, settings: SqliteSettings) {
    this.file = file;
    this.settings = settings;
    const { connection } = file;
    const { path } = settings;
    const version = (): number | null =>
      unlessBusy(path, () => integer(connection.get('PRAGMA data_version')?.data_version));
    const watchFor = (has: (connection: Connection, name: string) => boolean): Watch =>
      new Watch({ ...settings, version, isThere: (name) => unlessBusy(path, () => has(connection, name)) });
    this.watch = watchFor((open, queue) => hasWaiting(open, queue, settings.clock.now()));
    this.news = watchFor(hasNews);
  }

  /** Does a step in a transaction of its own, and wakes those who wait for what it brought. */
  async write<Reply>(step: (books: Books) => Reply): Promise<Reply> {
    const { connection, transactions } = this.file;
    const { clock, grantTimeout } = this.settings;
    const { reply, arrived, told } = await transactions.write(() => {
      const books = new Books(connection, clock.now(), grantTimeout);
      const reply = step(books);
      books.save();
      return { reply, arrived: books.arrived, told: books.telling.told };
    });
    this.watch.wake(arrived);
    this.news.wake(told);
    return reply;
  }

  read<Reply>(step: (connection: Connection) => Reply): Promise<Reply> {
    const { connection, transactions } = this.file;
    return transactions.read(() => step(connection));
  }

  /**
   * Looks again and again, `interval` milliseconds apart, until there is something to give: a file tells nobody what is
   * written to it.
   * @returns null when the time is up, or the signal aborts
   */
  async poll<Found>(
    look: (connection: Connection) => Found | null,
    interval: number,
    { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<Found | null> {
    const { clock } = this.settings;
    const end = clock.monotonic() + timeout;
    for (;;) {
      const found = await this.read(look);
      const left = end - clock.monotonic();
      if (found !== null || left <= 0) return found;
      if (!(await clock.sleep(Math.min(interval, left), signal))) return null;
    }
  }

  assertOpen(): void {
    if (this.file.retries.isClosed) throw closed(this.settings.path);
  }

  close(): void {
    this.file.retries.close();
    this.watch.close();
    this.news.close();
    this.file.connection.close();
  }
}

function unlessBusy<Result>(path: string, look: () => Result): Result | null {
  try {
    return look();
  } catch (thrown) {
    if (isBusy(thrown)) return null;
    throw toWingmanError(thrown, path);
  }
}

import type { Callee, Reopen, Wake } from '../../contract/backend.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Books } from './books.ts';
import { Calls } from './calls.ts';
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

/** What is waited for is named after one of these. */
const [QUEUE, NEWS, CALL] = ['q', 'n', 'c'];

type Waiting = { readonly timeout: number; readonly signal?: AbortSignal };

/** What every concern of the backend works with: transactions over the file, and those who wait. */
export class Desk {
  readonly file: OpenFile;
  readonly settings: SqliteSettings;
  /** Those who wait for work, by queue; for news of jobs, by their names as watchers; and to be called. */
  readonly #watch: Watch;
  readonly calls = new Calls();

  constructor(file: OpenFile, settings: SqliteSettings) {
    this.file = file;
    this.settings = settings;
    const { connection } = file;
    const { path } = settings;
    const version = (): number | null =>
      unlessBusy(path, () => integer(connection.get('PRAGMA data_version')?.data_version));
    const isThere = (name: string): boolean | null => unlessBusy(path, () => this.#isThere(connection, name));
    this.#watch = new Watch({ ...settings, version, isThere });
  }

  #isThere(connection: Connection, awaited: string): boolean {
    const name = awaited.slice(1);
    if (awaited.startsWith(NEWS)) return hasNews(connection, name);
    const now = this.settings.clock.now();
    return awaited.startsWith(QUEUE) ? hasWaiting(connection, name, now) : this.calls.isCalled(connection, name, now);
  }

  /** Waits for work in some queues. */
  waitForWork(queues: readonly string[], options: Waiting): Promise<Wake> {
    return this.#watch.wait(named(QUEUE, queues), options);
  }

  /** Waits for news of jobs. */
  waitForNews(watcher: string, options: Waiting): Promise<Wake> {
    return this.#watch.wait([NEWS + watcher], options);
  }

  waitForCall(callee: Callee, options: Waiting): Promise<Wake> {
    return this.#watch.wait(named(CALL, Calls.of(callee)), options);
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
    if (arrived.size > 0) this.#watch.wake(new Set(named(QUEUE, arrived)));
    if (told.size > 0) this.#watch.wake(new Set(named(NEWS, told)));
    this.#watch.written();
    return reply;
  }

  read<Reply>(step: (connection: Connection) => Reply): Promise<Reply> {
    const { connection, transactions } = this.file;
    return transactions.read(() => step(connection));
  }

  assertOpen(): void {
    if (this.file.retries.isClosed) throw closed(this.settings.path);
  }

  close(): void {
    this.file.retries.close();
    this.#watch.close();
    this.file.connection.close();
  }
}

function named(kind: string, names: Iterable<string>): string[] {
  return Array.from(names, (name) => kind + name);
}

function unlessBusy<Result>(path: string, look: () => Result): Result | null {
  try {
    return look();
  } catch (thrown) {
    if (isBusy(thrown)) return null;
    throw toWingmanError(thrown, path);
  }
}

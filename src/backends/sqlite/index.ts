/** `wingmanjs/sqlite`: jobs in one file, shared by any number of processes on one machine, with no server. */
import { resolve } from 'node:path';
import { GRANT_TIMEOUT, type Reopen } from '../../contract/backend.ts';
import { type StageOptions, Stages } from '../../contract/stages.ts';
import { InvalidOptionError, shown, WingmanError } from '../../core/errors.ts';
import { MAX_PAYLOAD_BYTES } from '../../core/payload.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { openFile } from './file.ts';
import { SqliteBackend } from './sqlite-backend.ts';

export interface SqliteOptions {
  /** The file; made where there is none, in a folder that is there. This or `url` is needed. */
  readonly path?: string;
  /** `sqlite:` and a path as it stands: `sqlite:jobs.db`, `sqlite:/var/lib/jobs.db`, `sqlite:///var/lib/jobs.db`. */
  readonly url?: string;
  /** The largest payload, in bytes of JSON; 1 MiB when left out. */
  readonly maxPayload?: number;
  /** How long a place that came free is kept for a job before it may pass to another queue, in milliseconds. */
  readonly grantTimeout?: number;
  /** How long a call waits for other processes' writes, in milliseconds; 30,000 when left out. */
  readonly busyTimeout?: number;
  /** Milliseconds between two looks for what other processes enqueued, while somebody waits; 25 when left out. */
  readonly pollInterval?: number;
  /**
   * `full`, when left out: what is acknowledged is on the disk. `normal` is faster, and the last of it may be lost when the
   * machine fails; a process that fails loses nothing.
   */
  readonly synchronous?: 'full' | 'normal';
  readonly clock?: Clock;
}

const DEFAULT_BUSY_TIMEOUT = 30_000;
const DEFAULT_POLL_INTERVAL = 25;

/**
 * Opens a file of jobs. In a new file the write-ahead log is used where this version of SQLite has it without faults, and a
 * rollback journal otherwise; the file then keeps what it has.
 * @throws WingmanError `WINGMAN_SQLITE_DRIVER`, `WINGMAN_SQLITE_OPEN`, `WINGMAN_SQLITE_READ_ONLY`, `WINGMAN_SQLITE_FULL`,
 *   `WINGMAN_SQLITE_NOT_OURS`, `WINGMAN_SQLITE_NEWER`, `WINGMAN_BACKEND_URL`, `WINGMAN_BACKEND_BUSY`; InvalidOptionError
 */
export async function open(options: SqliteOptions): Promise<SqliteBackend> {
  const clock = options.clock ?? systemClock;
  const sendable = {
    path: pathOf(options),
    maxPayload: options.maxPayload ?? MAX_PAYLOAD_BYTES,
    grantTimeout: milliseconds(options.grantTimeout ?? GRANT_TIMEOUT, 'grantTimeout'),
    busyTimeout: milliseconds(options.busyTimeout ?? DEFAULT_BUSY_TIMEOUT, 'busyTimeout'),
    pollInterval: milliseconds(options.pollInterval ?? DEFAULT_POLL_INTERVAL, 'pollInterval'),
    synchronous: synchronousOf(options),
  };
  // A clock of the caller's own cannot go to a thread, and one store has one clock.
  const reopen: Reopen | null = clock === systemClock ? { module: import.meta.url, options: sendable } : null;
  const settings = { ...sendable, clock, reopen };
  return new SqliteBackend(await openFile(settings), settings);
}

/** Opens a file of jobs and gives its stages one at a time. */
export async function init(options: SqliteOptions & StageOptions): Promise<Stages> {
  return new Stages(await open(options), options);
}

function pathOf({ path, url }: SqliteOptions): string {
  if (url === undefined) {
    // SQLite would make a database in memory, or one without a name, which no other process could open.
    if (typeof path === 'string' && path !== '' && path !== ':memory:') return resolve(path);
    throw new InvalidOptionError('path', "the path of a file (for jobs in memory: the backend 'memory:')", path);
  }
  if (path !== undefined) throw new InvalidOptionError('path', 'left out where there is a url', path);
  const [, named = ''] = /^sqlite:(?:\/\/)?(.*)$/is.exec(url) ?? [];
  if (named !== '' && named !== ':memory:') return resolve(named);
  const message = `a SQLite backend's URL is sqlite:path, as in sqlite:jobs.db; received ${shown(url)}`;
  throw new WingmanError('WINGMAN_BACKEND_URL', message);
}

function milliseconds(value: number, option: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidOptionError(option, 'a number of milliseconds above 0', value);
}

function synchronousOf({ synchronous = 'full' }: SqliteOptions): 'full' | 'normal' {
  if (synchronous === 'full' || synchronous === 'normal') return synchronous;
  throw new InvalidOptionError('synchronous', "'full' or 'normal'", synchronous);
}

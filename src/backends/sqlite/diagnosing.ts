import { statfs } from 'node:fs/promises';
import type { Finding } from '../../contract/backend.ts';
import { messageOf, WingmanError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Connection } from './connection.ts';
import { isBusy } from './errors.ts';
import type { OpenFile } from './file.ts';
import { fileSystemFinding } from './file-systems.ts';
import { walIsSafe } from './journal.ts';
import { integer, text } from './rows.ts';
import { calls } from './statements.ts';

/** What SQLite tells about a file and the connection to it. */
export interface Looked {
  /** Of SQLite. */
  readonly version: string;
  readonly journal: string;
  /** 1 is normal, 2 and more are full. */
  readonly synchronous: number;
  readonly bytes: number;
}

const MIB = 2 ** 20;

// A check of a larger file would keep this process's event loop, and without WAL all writers, waiting for too long.
const SMALL = 16 * MIB;

// With less than this, one burst of jobs may fill the disk; with less than the other, it soon will.
const LITTLE_ROOM = 512 * MIB;
const NO_ROOM = 64 * MIB;

// A disk that writes for itself needs a few milliseconds.
const SLOW = 50;

/** What the file's settings and its disk mean for the guarantees, the worst first. */
export async function diagnose(
  file: OpenFile,
  path: string,
  clock: Clock,
  depth: 'full' | 'quick',
): Promise<Finding[]> {
  const { connection, transactions } = file;
  const [looked, integrity] = await transactions.read(() => {
    const looked = look(connection);
    return [looked, depth === 'full' ? [checkIntegrity(connection, looked.bytes)] : []] as const;
  });
  const findings = [
    versionFinding(looked),
    journalFinding(looked),
    persistenceFinding(looked, process.platform),
    ...(await diskFindings(path)),
    ...integrity,
    ...(depth === 'full' ? [await measure(file, clock)] : []),
  ];
  const levels = ['fail', 'warn', 'ok'];
  return findings.sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
}

function look(connection: Connection): Looked {
  const pages = integer(connection.get('PRAGMA page_count')?.page_count);
  return {
    version: text(connection.get('SELECT sqlite_version() AS version')?.version),
    journal: text(connection.get('PRAGMA journal_mode')?.journal_mode),
    synchronous: integer(connection.get('PRAGMA synchronous')?.synchronous),
    bytes: pages * integer(connection.get('PRAGMA page_size')?.page_size),
  };
}

function versionFinding({ version }: Looked): Finding {
  const found = `SQLite ${version}`;
  if (walIsSafe(version)) {
    const means = 'several processes may use its write-ahead log without harm';
    return { level: 'ok', topic: 'version', found, means };
  }
  return {
    level: 'ok',
    topic: 'version',
    found,
    means: 'its write-ahead log can be damaged where several processes use it, so it is not used; the jobs are safe',
    change: 'for speed, use a Node with SQLite 3.51.3 or later',
  };
}

function journalFinding({ journal, version }: Looked): Finding {
  const topic = 'journal';
  if (journal === 'wal') {
    const means = 'those who read and the one who writes are not in each other’s way';
    return { level: 'ok', topic, found: 'write-ahead log', means };
  }
  const why = walIsSafe(version)
    ? 'as it was made with one, and may be used with an older SQLite still, or as its file system has no other'
    : `as SQLite ${version} must use one`;
  return {
    level: 'ok',
    topic,
    found: `rollback journal (${journal}), ${why}`,
    means: 'the jobs are as safe, but those who read and those who write wait for each other',
    change: 'for speed, when all who use it have SQLite 3.51.3 or later: stop them, and set PRAGMA journal_mode = WAL',
  };
}

function persistenceFinding({ synchronous, journal }: Looked, platform: string): Finding {
  const topic = 'persistence';
  if (synchronous >= 2) {
    // F_FULLFSYNC would empty it, and takes several times as long.
    const but = platform === 'darwin' ? ', except that macOS may leave it in the cache of the disk' : '';
    const means = `what this process was told is done is on the disk, whoever fails then${but}`;
    return { level: 'ok', topic, found: 'synchronous = full', means };
  }
  const loss =
    journal === 'wal'
      ? 'the last jobs and outcomes are lost: some were acknowledged, and some jobs run again'
      : 'at a bad moment, the file may be damaged';
  return {
    level: 'warn',
    topic,
    found: 'synchronous = normal',
    means: `when the machine fails (not just a process), ${loss}`,
    change: "open it with synchronous: 'full'",
  };
}

async function diskFindings(path: string): Promise<Finding[]> {
  try {
    const { type, bavail, bsize } = await statfs(path);
    const kind = process.platform === 'linux' ? fileSystemFinding(type) : null;
    return [...(kind === null ? [] : [kind]), roomFinding(bavail * bsize)];
  } catch (thrown) {
    const means = 'the file is not where it was opened: what is written now is lost when the last process closes it';
    const change = 'put it back, or restart all who use it';
    return [{ level: 'fail', topic: 'file', found: messageOf(thrown), means, change }];
  }
}

function roomFinding(free: number): Finding {
  const found = `${inMib(free)} free`;
  const topic = 'room';
  if (free >= LITTLE_ROOM) return { level: 'ok', topic, found, means: 'there is room for more jobs' };
  const means = 'on a full disk nothing can be enqueued, claimed or settled; what was acknowledged before is not lost';
  return { level: free < NO_ROOM ? 'fail' : 'warn', topic, found, means, change: 'make room' };
}

function checkIntegrity(connection: Connection, bytes: number): Finding {
  const topic = 'integrity';
  if (bytes > SMALL) {
    const means = 'the check would stop all work for a while; SQLite’s PRAGMA quick_check does it on a copy';
    return { level: 'ok', topic, found: `not checked: the file has ${inMib(bytes)}`, means };
  }
  const faults = faultsIn(connection);
  if (faults.length === 0) return { level: 'ok', topic, found: 'no fault', means: 'all jobs can be read' };
  return {
    level: 'fail',
    topic,
    found: faults.join('; '),
    means: 'the file is damaged: jobs may be lost, or run more than once',
    change: 'stop all who use it, keep a copy, and restore a backup, or make a new file with sqlite3’s .recover',
  };
}

function faultsIn(connection: Connection): string[] {
  try {
    const rows = connection.all('PRAGMA quick_check(3)').map(({ quick_check }) => text(quick_check));
    return rows.filter((row) => row !== 'ok');
  } catch (thrown) {
    if (isBusy(thrown)) throw thrown;
    return [messageOf(thrown)];
  }
}

/** Writes something and sees how long it takes, with the wait for other writers. */
async function measure({ connection, transactions }: OpenFile, clock: Clock): Promise<Finding> {
  const started = clock.monotonic();
  try {
    await transactions.write(() => {
      // Of what changes nothing, SQLite would write nothing. This changes a page, and in the end no row.
      connection.run(calls.keep, 'diagnose', 1, 0, '');
      connection.run(calls.dropAnswered, 'diagnose', 2);
    });
  } catch (thrown) {
    if (!(thrown instanceof WingmanError) || thrown.code === 'WINGMAN_BACKEND_CLOSED') throw thrown;
    const means = 'nothing can be enqueued, claimed or settled';
    return { level: 'fail', topic: 'writing', found: messageOf(thrown), means, change: 'see what it says' };
  }
  return latencyFinding(clock.monotonic() - started);
}

function latencyFinding(milliseconds: number): Finding {
  const topic = 'writing';
  const found = `${milliseconds.toFixed(1)} ms for one transaction`;
  const means = `each enqueue and each batch of outcomes takes as long: about ${perSecond(milliseconds)} a second in all`;
  if (milliseconds < SLOW) return { level: 'ok', topic, found, means };
  const change = 'use a faster disk; or fewer processes, where they write all the time';
  return { level: 'warn', topic, found, means, change };
}

function perSecond(milliseconds: number): string {
  return Math.max(1, Math.round(1_000 / Math.max(milliseconds, 0.01))).toLocaleString('en');
}

function inMib(bytes: number): string {
  return `${Math.round(bytes / MIB).toLocaleString('en')} MiB`;
}

import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, open as openHandle, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { open } from '../../../src/backends/sqlite/index.ts';
import { LATEST } from '../../../src/backends/sqlite/migrations.ts';
import { integer } from '../../../src/backends/sqlite/rows.ts';
import { Peer } from './peer.ts';
import {
  contentsOf,
  enqueue,
  execute,
  makeBooks,
  makeFolder,
  newJob,
  newPath,
  openRaw,
  openStore,
  refusal,
  valueIn,
} from './stage.ts';

const OTHER = 'CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES (1), (2);';

/** Opens what must be refused, and leaves its folder as it is. */
async function refused(path: string): Promise<string> {
  const before = await contentsOf(dirname(path));
  const { code, message } = await refusal(open({ path }));
  expect(message).toContain(path);
  expect(await contentsOf(dirname(path))).toEqual(before);
  return code;
}

describe('a file that is not ours is refused and left as it is', () => {
  const files: [string, (path: string) => Promise<void>][] = [
    ['a short text', (path) => writeFile(path, 'hi')],
    ['a long text', (path) => writeFile(path, 'dear diary\n'.repeat(10_000))],
    ['a database of another application', (path) => execute(path, OTHER)],
    ['one with a write-ahead log', (path) => execute(path, `PRAGMA journal_mode = wal; ${OTHER}`)],
    ['one with a rollback journal that stays', (path) => execute(path, `PRAGMA journal_mode = persist; ${OTHER}`)],
    ['one that is empty and has a name', (path) => execute(path, 'PRAGMA application_id = 7')],
    ['one that is empty and has a version', (path) => execute(path, 'PRAGMA user_version = 7')],
    ['our tables under no name', (path) => makeBooks(path, { application: 0 })],
    ['our tables under another name', (path) => makeBooks(path, { application: 7, journal: 'delete' })],
  ];
  test.each(files)('%s', async (_, make) => {
    const path = await newPath();
    await make(path);
    expect(await refused(path)).toBe('WINGMAN_SQLITE_NOT_OURS');
  });

  test('one whose owner was killed, with what it wrote last still in the log', async () => {
    const [path, theirs] = [await newPath(), await newPath()];
    const owner = await openRaw(theirs);
    owner.exec(`PRAGMA journal_mode = wal; ${OTHER}`);
    for (const end of ['', '-wal']) await copyFile(theirs + end, path + end);
    const before = await contentsOf(dirname(path));
    expect(await refusal(open({ path }))).toMatchObject({ code: 'WINGMAN_SQLITE_NOT_OURS' });
    const after = await contentsOf(dirname(path));
    // An index of the log, which whoever reads it makes.
    after.delete('jobs.db-shm');
    expect(after).toEqual(before);
  });

  test('and one that is ours is not', async () => {
    const path = await newPath();
    await makeBooks(path);
    await enqueue(await openStore(path), newJob());
  });
});

describe('a file of an older release', () => {
  test('is brought up to date, with all that is in it', async () => {
    const path = await newPath();
    await makeBooks(path, { version: 1 });
    await execute(
      path,
      "INSERT INTO jobs (sequence, id, type, queue, locks, state, enqueued_at, lane, position, payload) VALUES (1, 'a', 't', 'q', '[]', 'waiting', 1, 1, 1, '{}')",
    );
    const backend = await openStore(path);
    expect(await valueIn(path, 'SELECT user_version FROM pragma_user_version')).toBe(LATEST);
    expect(await backend.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['a']);
  });
});

describe('a file of a newer release', () => {
  test.each(['wal', 'delete'])('is refused, and told with both versions: %s', async (journal) => {
    const path = await newPath();
    await makeBooks(path, { version: LATEST + 1, journal });
    expect(await refused(path)).toBe('WINGMAN_SQLITE_NEWER');
    const { message } = await refusal(open({ path }));
    expect(message).toMatch(new RegExp(`version ${LATEST + 1}.* up to ${LATEST}`));
  });

  test('is refused by the next call when it was upgraded under us', async () => {
    const path = await newPath();
    const backend = await openStore(path);
    await enqueue(backend, newJob({ id: 'before' }));
    await execute(path, `PRAGMA user_version = ${LATEST + 1}`);
    const before = await contentsOf(dirname(path));
    const calls = [() => enqueue(backend, newJob()), () => backend.find('before'), () => backend.register('w', 1_000)];
    for (const call of calls) {
      const { code, message } = await refusal(call());
      expect(code).toBe('WINGMAN_SQLITE_NEWER');
      expect(message).toContain(path);
    }
    const after = await contentsOf(dirname(path));
    for (const name of ['jobs.db', 'jobs.db-wal']) expect(after.get(name)).toBe(before.get(name));
    await execute(path, `PRAGMA user_version = ${LATEST}`);
    expect(await backend.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['before']);
  });
});

describe('what may not be written', () => {
  // Root may write everything. Without this one right it is its files' owner and no more.
  const dropped = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'];
  const program = process.getuid?.() === 0 ? dropped : [];
  const [command = 'true', ...words] = program;
  const isBound = process.platform !== 'win32' && spawnSync(command, [...words, 'true']).status === 0;
  const but = isBound ? '' : ': skipped, since all may be written here and setpriv does not change it';

  /** Opens from a process to which access rights apply. */
  async function refusedToPeer(path: string): Promise<string | undefined> {
    const { refused, done } = await new Peer(program).ask('open', { path });
    expect(done).toBeUndefined();
    expect(refused?.message).toContain(path);
    return refused?.code;
  }

  async function withMode(place: string, mode: number): Promise<void> {
    await chmod(place, mode);
    // Or its owner, who is not root, could not remove it.
    onTestFinished(() => chmod(place, 0o700));
  }

  test.skipIf(!isBound).each(['0444', '0000'])(`a file of mode %s${but}`, async (mode) => {
    const path = await newPath();
    await makeBooks(path);
    const before = await contentsOf(dirname(path));
    await withMode(path, Number.parseInt(mode, 8));
    expect(await refusedToPeer(path)).toBe('WINGMAN_SQLITE_READ_ONLY');
    await chmod(path, 0o600);
    expect(await contentsOf(dirname(path))).toEqual(before);
    await enqueue(await openStore(path), newJob());
  });

  test.skipIf(!isBound)(`a file in a read-only folder, and a new one there${but}`, async () => {
    const path = await newPath();
    await makeBooks(path);
    const before = await contentsOf(dirname(path));
    await withMode(dirname(path), 0o555);
    expect(await refusedToPeer(path)).toBe('WINGMAN_SQLITE_READ_ONLY');
    expect(await refusedToPeer(join(dirname(path), 'new.db'))).toBe('WINGMAN_SQLITE_READ_ONLY');
    expect(await contentsOf(dirname(path))).toEqual(before);
  });

  test.skipIf(!isBound)(`a folder that may not be looked into${but}`, async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, 'inner'));
    await withMode(folder, 0o600);
    expect(await refusedToPeer(join(folder, 'jobs.db'))).toBe('WINGMAN_SQLITE_OPEN');
    expect(await refusedToPeer(join(folder, 'inner', 'jobs.db'))).toBe('WINGMAN_SQLITE_OPEN');
  });
});

describe('a place where no file can be', () => {
  test('a folder that is missing, which is named', async () => {
    const folder = await makeFolder();
    const path = join(folder, 'none', 'jobs.db');
    const { code, message } = await refusal(open({ path }));
    expect(code).toBe('WINGMAN_SQLITE_OPEN');
    expect(message).toContain(path);
    expect(message).toContain(`there is no folder ${dirname(path)}`);
    expect(await contentsOf(folder)).toEqual(new Map());
  });

  test('a folder, or what is no regular file', async () => {
    const path = await makeFolder();
    expect(await refusal(open({ path }))).toMatchObject({ code: 'WINGMAN_SQLITE_OPEN', message: /it is a folder$/ });
    expect(await contentsOf(path)).toEqual(new Map());
    const device = await refusal(open({ path: '/dev/null' }));
    expect(device).toMatchObject({ code: 'WINGMAN_SQLITE_OPEN', message: expect.stringContaining('/dev/null') });
  });

  test.each(['file/jobs.db', 'file/deeper/jobs.db'])('a folder that is a file: %s', async (name) => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'file'), 'text');
    const path = join(folder, name);
    const { code, message } = await refusal(open({ path }));
    expect(code).toBe('WINGMAN_SQLITE_OPEN');
    expect(message).toContain(path);
    expect(await contentsOf(folder)).toEqual(new Map([['file', 'text']]));
  });
});

describe('a damaged file', () => {
  async function overwrite(path: string, from: number, length: number): Promise<void> {
    const file = await openHandle(path, 'r+');
    await file.write(Buffer.alloc(length, 0xee), 0, length, from);
    await file.close();
  }

  test.each<[string, (path: string) => Promise<void>]>([
    ['whose schema is damaged', (path) => overwrite(path, 100, 3_000)],
    ['whose end is missing', (path) => truncate(path, 4_096)],
  ])('%s cannot be opened', async (_, damage) => {
    const path = await newPath();
    await makeBooks(path);
    await damage(path);
    expect(await refused(path)).toBe('WINGMAN_BACKEND_FAILED');
  });

  test('is told of by every call that meets the damage', async () => {
    const path = await newPath();
    await makeBooks(path, { journal: 'delete' });
    const raw = await openRaw(path);
    const roots = raw.all('SELECT rootpage FROM sqlite_schema').map(({ rootpage }) => integer(rootpage));
    for (const page of roots) await overwrite(path, (page - 1) * 4_096, 4_096);
    const before = await contentsOf(dirname(path));
    const backend = await openStore(path);
    const calls = [
      () => enqueue(backend, newJob()),
      () => backend.size('q'),
      () => backend.stats(),
      () => backend.wait(['q'], { timeout: 60_000 }),
    ];
    for (const call of calls) {
      const { code, message } = await refusal(call());
      expect(code).toBe('WINGMAN_BACKEND_FAILED');
      expect(message).toContain(`${path} is damaged`);
      expect(message).toContain('integrity_check');
    }
    expect(await contentsOf(dirname(path))).toEqual(before);
  });
});

import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { type Ended, project, type Running, start, wingman } from './command.ts';
import { expectedOf, hostileTree, wideTree } from './tree.ts';

// Up to nine processes start here in one test, and some wait for a lease to end: beside other tests that takes three times as long.
vi.setConfig({ testTimeout: 120_000 });

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** The object that `--json` printed as its last line. */
function totals({ code, stdout, stderr }: Ended) {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/** The files of a run in its folder. */
function leftIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('wingman-demo'));
}

/** Resolves when a run has written so many results, or has ended. */
async function results(folder: string, running: Running, many: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      const name = leftIn(folder).find((each) => each.endsWith('.results.jsonl'));
      if (name === undefined) return;
      if (readFileSync(join(folder, name), 'utf8').split('\n').length > many) done();
    };
    const watcher = watch(folder, look);
    const done = (): void => {
      watcher.close();
      resolve();
    };
    look();
    running.ended.then(done);
  });
}

async function bash(script: string, folder: string): Promise<void> {
  await promisify(execFile)('bash', ['-euc', script], { cwd: folder });
}

const KEYS = ['files', 'directories', 'bytes', 'gzipBytes', 'failed', 'seconds', 'jobsPerSecond', 'sha256OfSortedList'];

describe.each(['sqlite', 'redis'])('on %s', (kind) => {
  const backend = (): string[] => (kind === 'redis' ? ['--backend', redis.url] : []);

  test('the totals agree with find, sha256 and gzip, whatever the names and kinds of the files', async () => {
    const folder = await project();
    const dir = await hostileTree(folder);
    const ended = await wingman(folder, ['demo', '--dir', dir, '--json', ...backend()]);
    const found = totals(ended);
    expect(Object.keys(found)).toEqual(KEYS);
    expect(found).toMatchObject(await expectedOf(dir));
    expect(found.seconds).toBeGreaterThan(0);
    expect(found.jobsPerSecond).toBeGreaterThan(0);
    expect(ended.stdout.trimEnd()).not.toContain('\n');
    expect(leftIn(folder)).toEqual([]);
  });

  test('stopped by Ctrl-C, it says how to go on, and ends with the same totals', async () => {
    const folder = await project();
    const dir = wideTree(folder, 700);
    const running = start(folder, ['demo', '--dir', dir, '--json', '--concurrency', '1', ...backend()]);
    await results(folder, running, 30);
    running.signal('SIGINT');
    const stopped = await running.ended;
    expect(stopped).toMatchObject({ code: 130, stdout: '' });
    expect(stopped.stderr).toMatch(/stopped with \d+ of \d+ known jobs done/);
    const url = kind === 'redis' ? `--backend ${redis.url} ` : '';
    expect(stopped.stderr).toContain(`  wingman demo ${url}--concurrency 1 --json --resume\n`);

    const resumed = await wingman(folder, ['demo', '--json', '--resume', ...backend()]);
    expect(resumed.stderr).toMatch(/going on with [\d,]+ of [\d,]+ known jobs done/);
    expect(totals(resumed)).toMatchObject(await expectedOf(dir));
    expect(leftIn(folder)).toEqual([]);
  });

  test('killed at any time, it ends with the same totals', async () => {
    // The first is killed while it lists, the others while they read; all at once, since each then waits for a lease to end.
    await Promise.all(
      [1, 60, 250].map(async (many) => {
        const folder = await project();
        const dir = wideTree(folder, 400);
        const running = start(folder, ['demo', '--dir', dir, '--json', ...backend()]);
        await results(folder, running, many);
        running.signal('SIGKILL');
        expect((await running.ended).code).toBe(null);
        const file = leftIn(folder).find((name) => name.endsWith('.results.jsonl')) ?? '';
        // As if the system itself had gone down in the middle of a line.
        appendFileSync(join(folder, file), '{"kind":"file","path":"top-0/sub-0/fi');
        const resumed = await wingman(folder, ['demo', '--json', '--resume', ...backend()]);
        expect(totals(resumed)).toMatchObject(await expectedOf(dir));
        expect(leftIn(folder)).toEqual([]);
      }),
    );
  });
});

test('nothing of a run is left in Redis, and an interrupted one that is not resumed is cleared away', async () => {
  const folder = await project();
  const dir = wideTree(folder, 700);
  const own = await startRedis();
  try {
    const words = ['demo', '--dir', dir, '--json', '--backend', own.url];
    const running = start(folder, words);
    await results(folder, running, 100);
    running.signal('SIGKILL');
    await running.ended;
    const before = await wingman(folder, ['stats', '--json', '--backend', own.url]);
    // Most that is left is held: a claim has looked at it, and found the lock of its folder full.
    const isLeft = ({ waiting, held }: { waiting: number; held: number }): boolean => waiting + held > 0;
    expect(JSON.parse(before.stdout).queues.some(isLeft)).toBe(true);
    const again = await wingman(folder, words);
    expect(again.stderr).toContain('an interrupted run was not resumed');
    expect(totals(again)).toMatchObject(await expectedOf(dir));
    const { queues, workers, failed } = JSON.parse(
      (await wingman(folder, ['stats', '--json', '--backend', own.url])).stdout,
    );
    expect(queues.every(({ waiting, held }: { waiting: number; held: number }) => waiting + held === 0)).toBe(true);
    expect(workers.every(({ processing }: { processing: number }) => processing === 0)).toBe(true);
    expect(failed).toBe(0);
    expect(await own.cli('KEYS', 'wingman:job:*')).toBe('');
  } finally {
    await own.stop();
  }
});

test('stopped while it clears away an interrupted run, that one can still be resumed', async () => {
  const folder = await project();
  const dir = wideTree(folder, 700);
  const words = ['demo', '--dir', dir, '--json', '--backend', redis.url];
  const running = start(folder, words);
  await results(folder, running, 100);
  running.signal('SIGKILL');
  await running.ended;
  const state = leftIn(folder).find((name) => name.endsWith('.json')) ?? '';
  const before = readFileSync(join(folder, state), 'utf8');
  // It takes seconds: what the killed one had begun is its own until its lease ends.
  const again = start(folder, words);
  await again.prints('an interrupted run was not resumed');
  again.signal('SIGINT');
  const { code, stderr } = await again.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('the run that was interrupted can still be resumed');
  expect(readFileSync(join(folder, state), 'utf8')).toBe(before);
  expect(totals(await wingman(folder, [...words, '--resume']))).toMatchObject(await expectedOf(dir));
});

test('two runs on one Redis at once do not mix', async () => {
  const [one, two] = [await project(), await project()];
  const [small, large] = [wideTree(one, 100), wideTree(two, 300)];
  const run = (folder: string, dir: string) =>
    wingman(folder, ['demo', '--dir', dir, '--json', '--backend', redis.url]);
  const [first, second] = await Promise.all([run(one, small), run(two, large)]);
  expect(totals(first)).toMatchObject(await expectedOf(small));
  expect(totals(second)).toMatchObject(await expectedOf(large));
});

describe('what cannot be read', () => {
  /** Makes directories deeper than a path may be long: even root cannot read them. */
  async function tooDeep(dir: string): Promise<void> {
    const name = 'd'.repeat(200);
    await bash(`for n in $(seq 25); do mkdir ${name} && cd ${name}; done`, dir);
  }

  test('counts as failed, with the reason, and the rest is catalogued', async () => {
    const folder = await project();
    const dir = wideTree(folder, 20);
    await tooDeep(dir);
    const json = totals(await wingman(folder, ['demo', '--dir', dir, '--json']));
    expect(json).toMatchObject({ files: 20, failed: 1 });
    const { stdout } = await wingman(folder, ['demo', '--dir', dir]);
    expect(stdout).toMatch(/^failed +reason +path$/m);
    expect(stdout).toMatch(/^ +1 +ENAMETOOLONG: name too long +…d+/m);
    expect(stdout).toContain(', 1 failed\n');
  });

  test('is still failed after an interrupted run is resumed', async () => {
    const folder = await project();
    const dir = wideTree(folder, 20);
    await tooDeep(dir);
    const running = start(folder, ['demo', '--dir', dir, '--keep', '--json']);
    await results(folder, running, 20);
    running.signal('SIGINT');
    await running.ended;
    expect(totals(await wingman(folder, ['demo', '--json', '--resume', '--dir', dir]))).toMatchObject({
      files: 20,
      failed: 1,
    });
  });

  // Root may read everything.
  test.skipIf(process.getuid?.() === 0)('a file or directory without permission', async () => {
    const folder = await project();
    const dir = wideTree(folder, 20);
    writeFileSync(join(dir, 'secret'), 'x', { mode: 0 });
    mkdirSync(join(dir, 'closed'));
    chmodSync(join(dir, 'closed'), 0);
    const { stdout } = await wingman(folder, ['demo', '--dir', dir]);
    expect(stdout).toMatch(/^ +2 +EACCES: permission denied +closed$/m);
    chmodSync(join(dir, 'closed'), 0o755);
  });
});

test('the tables at the end', async () => {
  const folder = await project();
  const dir = await hostileTree(folder);
  const { code, stdout, stderr } = await wingman(folder, ['demo', '--dir', 'tree', '--keep']);
  expect(code, stderr).toBe(0);
  const { files, directories, sha256OfSortedList } = await expectedOf(dir);
  expect(stdout).toContain(`${dir}: ${files} files in ${directories} directories, `);
  expect(stdout).toMatch(/^extension +files +bytes +gzipped +ratio +time$/m);
  expect(stdout).toMatch(/^\.bin +1 +320 kB +320 kB +100 % +\d+ ms$/m);
  expect(stdout).toMatch(/^ *320 kB +320 kB +noise\.bin$/m);
  expect(stdout).toMatch(/^ *162 kB +3 +81\.0 kB +deep\/er\/three\.js$/m);
  expect(stdout).toContain(`${files + directories} jobs in `);
  expect(stdout).toMatch(/jobs\/s, \d+ held at most, none failed$/m);
  expect(stdout).toContain(sha256OfSortedList);
  // What a terminal would obey, and what has no text.
  for (const control of ['\x1b', '\u202e']) expect(stdout).not.toContain(control);
  expect(leftIn(folder)).toEqual(expect.arrayContaining(['wingman-demo.db', 'wingman-demo.results.jsonl']));
  expect(leftIn(folder)).not.toContain('wingman-demo.json');
  const kept = await wingman(folder, ['stats', '--json', '--backend', 'sqlite:wingman-demo.db']);
  expect(JSON.parse(kept.stdout).counters).toEqual({ successful: files + directories, failed: 0 });
});

test('a folder where it cannot keep its results is named, with the reason', async () => {
  const folder = await project();
  mkdirSync(join(folder, `wingman-demo-redis-127.0.0.1-${redis.port}.results.jsonl`));
  const { code, stderr } = await wingman(folder, ['demo', '--dir', '.', '--backend', redis.url]);
  expect(code).toBe(1);
  expect(stderr).toContain('keeps its state and results in the current folder, and cannot write there: EISDIR');
  expect(stderr).toContain('(WINGMAN_OPTION_INVALID)');
});

test('an empty directory, and a directory that is the current one with our own files in it', async () => {
  const folder = await project();
  mkdirSync(join(folder, 'empty'));
  expect(totals(await wingman(folder, ['demo', '--dir', 'empty', '--json']))).toMatchObject({
    ...{ files: 0, directories: 1, bytes: 0, gzipBytes: 0, failed: 0 },
    sha256OfSortedList: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  });
  expect(totals(await wingman(folder, ['demo', '--dir', '.', '--json']))).toMatchObject(await expectedOf(folder));
});

test('node_modules is catalogued when no directory is named', async () => {
  const folder = await project();
  const found = totals(await wingman(folder, ['demo', '--json']));
  expect(found).toMatchObject(await expectedOf(join(folder, 'node_modules')));
});

test('nothing to resume: it says so, and catalogues all the same', async () => {
  const folder = await project();
  const ended = await wingman(folder, ['demo', '--resume', '--json']);
  expect(ended.stderr).toContain('there is no interrupted run here to go on with');
  expect(totals(ended)).toMatchObject(await expectedOf(join(folder, 'node_modules')));
});

describe('while a run is interrupted', () => {
  async function interrupted(): Promise<{ folder: string; dir: string }> {
    const folder = await project();
    const dir = wideTree(folder, 500);
    const running = start(folder, ['demo', '--dir', dir, '--concurrency', '1']);
    await results(folder, running, 20);
    running.signal('SIGTERM');
    expect((await running.ended).code).toBe(143);
    return { folder, dir };
  }

  test('it is not resumed with another directory', async () => {
    const { folder, dir } = await interrupted();
    const { code, stderr } = await wingman(folder, ['demo', '--resume', '--dir', '.']);
    expect(code).toBe(2);
    expect(stderr).toContain(`the interrupted run is of ${dir}`);
  });

  test('a new run starts afresh and leaves nothing of it', async () => {
    const { folder, dir } = await interrupted();
    expect(totals(await wingman(folder, ['demo', '--dir', dir, '--json']))).toMatchObject(await expectedOf(dir));
    expect(leftIn(folder)).toEqual([]);
  });

  test('it goes on without its results, and without its database', async () => {
    const { folder, dir } = await interrupted();
    truncateSync(join(folder, 'wingman-demo.results.jsonl'));
    const first = start(folder, ['demo', '--resume', '--concurrency', '1']);
    await results(folder, first, 20);
    first.signal('SIGINT');
    await first.ended;
    await bash('rm wingman-demo.db*', folder);
    expect(totals(await wingman(folder, ['demo', '--resume', '--json']))).toMatchObject(await expectedOf(dir));
  });
});

describe('a run that takes long', () => {
  /** One that is busy for a long time with one file, which takes no place on the disk. */
  async function busy(): Promise<{ folder: string; running: Running }> {
    const folder = await project();
    mkdirSync(join(folder, 'big'));
    writeFileSync(join(folder, 'big/zeros'), '');
    truncateSync(join(folder, 'big/zeros'), 8 * 2 ** 30);
    const running = start(folder, ['demo', '--dir', 'big']);
    await running.prints('1 of 2 jobs');
    return { folder, running };
  }

  test('is ended at once by a second signal, and not by a repeat within a moment', async () => {
    const { folder, running } = await busy();
    running.signal('SIGINT');
    await running.prints('finishing what has begun');
    // npm hands on what the terminal has sent already.
    running.signal('SIGINT');
    // Longer than what counts as one press.
    await sleep(400);
    expect(running.child.exitCode).toBe(null);
    running.signal('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).not.toContain('to go on:');
    expect(leftIn(folder)).toContain('wingman-demo.json');
  });

  test('is stopped in the middle of a file, which is then read again from its start', async () => {
    const { folder, running } = await busy();
    running.signal('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('stopped with 1 of 2 known jobs done');
    truncateSync(join(folder, 'big/zeros'), 1_000);
    expect(totals(await wingman(folder, ['demo', '--resume', '--json']))).toMatchObject(
      await expectedOf(join(folder, 'big')),
    );
  });

  test('keeps another one out of its folder', async () => {
    const { folder, running } = await busy();
    const { code, stderr } = await wingman(folder, ['demo', '--dir', 'big']);
    expect(code).toBe(1);
    expect(stderr).toContain(`a demo is at work here already, as process ${running.child.pid}`);
    expect(stderr).toContain('(WINGMAN_BACKEND_BUSY)');
  });
});

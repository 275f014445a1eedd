import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

const run = promisify(execFile);

/** Names of every kind that a file may have: any bytes but a slash and a zero. */
const HOSTILE: readonly (string | Buffer)[] = [
  'two\nlines',
  '-rf',
  ' spaces ',
  'quotes\'"`$(x)',
  'back\\slash',
  'colours\x1b[31m',
  'Åsa ☃ 日本語 👩‍👩‍👧',
  '\u202egnp.exe',
  '__proto__',
  'constructor',
  '...',
  '.hidden',
  Buffer.from([0xff, 0xfe, 0x2e, 0x6a, 0x73]),
  Buffer.from([0xc3, 0x28]),
  'x'.repeat(255),
];

/** Makes a tree with everything in it that may upset a cataloguer. */
export async function hostileTree(parent: string): Promise<string> {
  const dir = join(parent, 'tree');
  mkdirSync(dir);
  for (const [index, name] of HOSTILE.entries()) {
    const path = below(dir, name);
    // Every other one is a directory.
    if (index % 2 === 0) {
      writeFileSync(path, `file ${index}\n`);
    } else {
      mkdirSync(path);
      for (const inner of HOSTILE) writeFileSync(below(path, inner), `${index} ${inner}`);
    }
  }
  mkdirSync(join(dir, 'deep/er/and/deeper'), { recursive: true });
  mkdirSync(join(dir, 'no-files/in/here'), { recursive: true });
  writeFileSync(join(dir, 'empty'), '');
  writeFileSync(join(dir, 'deep/empty'), '');
  // More than one piece of reading, and nothing that repeats.
  const noise = Buffer.concat(Array.from({ length: 10_000 }, (_, n) => createHash('sha256').update(`${n}`).digest()));
  writeFileSync(join(dir, 'noise.bin'), noise);
  for (const name of ['one.js', 'deep/two.js', 'deep/er/three.js'])
    writeFileSync(join(dir, name), 'the same\n'.repeat(9_000));
  symlinkSync('.', join(dir, 'loop'));
  symlinkSync('../../..', join(dir, 'deep/er/up'));
  symlinkSync('one.js', join(dir, 'link.js'));
  symlinkSync('nowhere', join(dir, 'dangling'));
  await run('mkfifo', [join(dir, 'deep/pipe')]);
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(join(dir, 's'), resolve));
  onTestFinished(() => new Promise<void>((resolve) => void socket.close(() => resolve())));
  return dir;
}

/** Makes a tree of many small files in a few top-level folders. */
export function wideTree(parent: string, files: number): string {
  const dir = join(parent, 'wide');
  for (let n = 0; n < files; n += 1) {
    const folder = join(dir, `top-${n % 7}`, `sub-${n % 31}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${n}.txt`), `content ${n % 50}\n`.repeat(20));
  }
  return dir;
}

/** What a catalogue of a tree must say, found in another way: by `find`, and by reading whole files. */
export async function expectedOf(dir: string) {
  const files = await find(dir, 'f');
  const directories = await find(dir, 'd');
  let bytes = 0;
  let gzipBytes = 0;
  const list = createHash('sha256');
  for (const path of files.sort(Buffer.compare)) {
    const content = readFileSync(below(dir, path));
    bytes += content.length;
    gzipBytes += gzipSync(content).length;
    list.update(createHash('sha256').update(content).digest('hex')).update('  ').update(path).update('\n');
  }
  return {
    files: files.length,
    directories: directories.length,
    bytes,
    gzipBytes,
    failed: 0,
    sha256OfSortedList: list.digest('hex'),
  };
}

async function find(dir: string, type: 'f' | 'd'): Promise<Buffer[]> {
  const { stdout } = await run('find', ['.', '-type', type, '-print0'], { cwd: dir, encoding: 'buffer' });
  const paths: Buffer[] = [];
  for (let from = 0; from < stdout.length; ) {
    const end = stdout.indexOf(0, from);
    // Without find's own `./`.
    paths.push(stdout.subarray(from + 2, end));
    from = end + 1;
  }
  return paths;
}

function below(dir: string | Buffer, name: string | Buffer): Buffer {
  return Buffer.concat([bytesOf(dir), Buffer.from('/'), bytesOf(name)]);
}

function bytesOf(name: string | Buffer): Buffer {
  return typeof name === 'string' ? Buffer.from(name) : name;
}

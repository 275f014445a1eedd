import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { createGzip } from 'node:zlib';
import { messageOf } from '../../core/errors.ts';
import { type RawPath, toRaw } from './paths.ts';

/** The names in a directory. Links, sockets, pipes and devices are not among them. */
export interface Listed {
  readonly files: readonly RawPath[];
  readonly directories: readonly RawPath[];
}

export interface Digest {
  readonly bytes: number;
  readonly gzip: number;
  readonly sha256: string;
}

/** @throws Error whose message is the reason alone, without the path */
export async function listDirectory(path: Buffer): Promise<Listed> {
  return withReason(async () => {
    // It may have been replaced by a link since it was found, and links are not followed.
    if (!(await lstat(path)).isDirectory()) throw new Error('it is no directory any more');
    const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
    const names = (kept: typeof entries): RawPath[] => kept.map(({ name }) => toRaw(name)).sort();
    return {
      files: names(entries.filter((entry) => entry.isFile())),
      directories: names(entries.filter((entry) => entry.isDirectory())),
    };
  });
}

// Should the file have been replaced meanwhile: a link is refused, and a pipe without a writer does not block. Windows has
// neither flag.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const PIECE = 65_536;

/**
 * Reads a file once, in pieces, whatever its size.
 * @throws Error whose message is the reason alone, without the path; the signal's reason when that aborts
 */
export async function digestFile(path: Buffer, signal: AbortSignal): Promise<Digest> {
  return withReason(async () => {
    const file = await open(path, FLAGS);
    try {
      if (!(await file.stat()).isFile()) throw new Error('it is no regular file any more');
      return await digest(file, signal);
    } finally {
      await file.close();
    }
  });
}

// By hand and not with `pipeline`: for thousands of small files that would cost as much as the compression itself.
async function digest(file: FileHandle, signal: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  const gzip = new GzipCounter();
  const buffer = Buffer.allocUnsafe(PIECE);
  let bytes = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, PIECE, null);
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, bytesRead);
      bytes += bytesRead;
      hash.update(piece);
      await gzip.write(piece);
    }
    return { bytes, gzip: await gzip.end(), sha256: hash.digest('hex') };
  } finally {
    gzip.destroy();
  }
}

/** Compresses, and keeps only how long the result is. */
class GzipCounter {
  readonly #gzip = createGzip();
  #bytes = 0;

  constructor() {
    this.#gzip.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
    });
    // It reaches the write that it concerns as well.
    this.#gzip.on('error', () => undefined);
  }

  /** Resolves when the piece is compressed, and its memory may be used again. */
  write(piece: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#gzip.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }

  async end(): Promise<number> {
    this.#gzip.end();
    await once(this.#gzip, 'end');
    return this.#bytes;
  }

  destroy(): void {
    this.#gzip.destroy();
  }
}

async function withReason<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    throw new Error(reasonOf(cause), { cause });
  }
}

/** `EACCES: permission denied`, of `EACCES: permission denied, open '/some/path'` */
function reasonOf(cause: unknown): string {
  const message = messageOf(cause);
  const syscall: unknown = cause instanceof Error ? Reflect.get(cause, 'syscall') : undefined;
  const end = typeof syscall === 'string' ? message.indexOf(`, ${syscall}`) : -1;
  return end < 0 ? message : message.slice(0, end);
}

import { type Entry, idOf } from './jobs.ts';
import { joined, type RawPath, ROOT } from './paths.ts';
import type { DirectoryResult, FailedResult, FileResult, Result } from './results.ts';

/** What is known of the tree: what has a result, and what is still open. Each path counts once, however often its job ran. */
export class Catalogue {
  readonly #run: string;
  readonly #files = new Map<RawPath, FileResult>();
  readonly #directories = new Map<RawPath, DirectoryResult>();
  readonly #failures = new Map<RawPath, FailedResult>();
  /** By job id. */
  readonly #open = new Map<string, Entry>();
  #bytes = 0;
  #openDirectories = 0;

  constructor(run: string) {
    this.#run = run;
    this.expect({ kind: 'directory', path: ROOT });
  }

  get files(): ReadonlyMap<RawPath, FileResult> {
    return this.#files;
  }

  get directories(): ReadonlyMap<RawPath, DirectoryResult> {
    return this.#directories;
  }

  get failures(): ReadonlyMap<RawPath, FailedResult> {
    return this.#failures;
  }

  /** Of all files with a result. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many have a result. */
  get done(): number {
    return this.#files.size + this.#directories.size + this.#failures.size;
  }

  get known(): number {
    return this.done + this.#open.size;
  }

  get isComplete(): boolean {
    return this.#open.size === 0;
  }

  /** Whether nothing more can come to light. */
  get isListed(): boolean {
    return this.#openDirectories === 0;
  }

  /** What has no result yet. */
  open(): Entry[] {
    return [...this.#open.values()];
  }

  /** The open entry with this job id. */
  openWith(id: string): Entry | undefined {
    return this.#open.get(id);
  }

  /** A job for this entry is on its way. False where it has its result already. */
  expect(entry: Entry): boolean {
    if (this.#has(entry.path)) return false;
    const id = idOf(this.#run, entry);
    if (!this.#open.has(id) && entry.kind === 'directory') this.#openDirectories += 1;
    this.#open.set(id, entry);
    return true;
  }

  /** Takes a result; a later one of the same path replaces it. Everything that a directory lists is open from then on. */
  add(result: Result): void {
    const { path } = result;
    this.#forget(path);
    this.#close({ kind: 'file', path });
    this.#close({ kind: 'directory', path });
    switch (result.kind) {
      case 'file':
        this.#files.set(path, result);
        this.#bytes += result.bytes;
        break;
      case 'directory':
        this.#directories.set(path, result);
        for (const entry of entriesOf(result)) this.expect(entry);
        break;
      case 'failed':
        this.#failures.set(path, result);
    }
  }

  #has(path: RawPath): boolean {
    return this.#files.has(path) || this.#directories.has(path) || this.#failures.has(path);
  }

  #forget(path: RawPath): void {
    this.#bytes -= this.#files.get(path)?.bytes ?? 0;
    this.#files.delete(path);
    this.#directories.delete(path);
    this.#failures.delete(path);
  }

  #close(entry: Entry): void {
    if (this.#open.delete(idOf(this.#run, entry)) && entry.kind === 'directory') this.#openDirectories -= 1;
  }
}

/** The files and directories in a directory. */
export function entriesOf({
  path,
  files,
  directories,
}: Pick<DirectoryResult, 'path' | 'files' | 'directories'>): Entry[] {
  return [
    ...directories.map((name): Entry => ({ kind: 'directory', path: joined(path, name) })),
    ...files.map((name): Entry => ({ kind: 'file', path: joined(path, name) })),
  ];
}

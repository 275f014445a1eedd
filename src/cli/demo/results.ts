import { closeSync, createReadStream, existsSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Kind } from './jobs.ts';
import type { RawPath } from './paths.ts';
import { cannotWrite } from './state.ts';

export interface FileResult {
  readonly kind: 'file';
  readonly path: RawPath;
  readonly bytes: number;
  readonly gzip: number;
  readonly sha256: string;
  /** How long its job took. */
  readonly ms: number;
}

export interface DirectoryResult {
  readonly kind: 'directory';
  readonly path: RawPath;
  /** The names in it. */
  readonly files: readonly RawPath[];
  readonly directories: readonly RawPath[];
}

export interface FailedResult {
  readonly kind: 'failed';
  readonly path: RawPath;
  readonly what: Kind;
  readonly reason: string;
}

export type Result = FileResult | DirectoryResult | FailedResult;

/**
 * Where the handlers put their results: a file of JSON lines that only grows. A line is written before its job settles, so
 * a process that is killed loses no result of a job that is done; a job that runs twice has two lines, and the last counts.
 */
export class ResultsFile {
  readonly #file: number;

  /**
   * Opens it for more lines, or empties it.
   * @throws WingmanError `WINGMAN_OPTION_INVALID` where it cannot be written
   */
  constructor(path: string, { isFresh }: { readonly isFresh: boolean }) {
    try {
      this.#file = openSync(path, isFresh ? 'w' : 'a+');
    } catch (cause) {
      throw cannotWrite(cause);
    }
    // A line that was cut short must not swallow the next one.
    if (!endsInNewline(this.#file)) writeSync(this.#file, '\n');
  }

  append(result: Result): void {
    // One call for one line: in the system's hands it is safe from the end of this process.
    writeSync(this.#file, `${JSON.stringify(result)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function endsInNewline(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size === 0 || (readSync(file, last, 0, 1, size - 1) === 1 && last.toString() === '\n');
}

/** The results that an earlier process has left, in their order. Lines that make no sense are passed over. */
export async function* readResults(path: string): AsyncGenerator<Result> {
  if (!existsSync(path)) return;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const result = parse(line);
    if (result !== null) yield result;
  }
}

function parse(line: string): Result | null {
  try {
    const value: unknown = JSON.parse(line);
    return isResult(value) ? value : null;
  } catch {
    return null;
  }
}

function isResult(value: unknown): value is Result {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const has = (type: string, ...names: string[]): boolean => names.every((name) => typeof fields.get(name) === type);
  if (!has('string', 'path')) return false;
  switch (fields.get('kind')) {
    case 'file':
      return has('number', 'bytes', 'gzip', 'ms') && has('string', 'sha256');
    case 'directory':
      return [fields.get('files'), fields.get('directories')].every(Array.isArray);
    case 'failed':
      return has('string', 'what', 'reason');
    default:
      return false;
  }
}

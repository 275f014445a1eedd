import { realpathSync, statSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { openBackend } from '../../backends/open.ts';
import type { Backend } from '../../contract/backend.ts';
import { messageOf, WingmanError } from '../../core/errors.ts';
import { newId } from '../../runtime/identity.ts';
import { UsageError } from '../errors.ts';
import { printable } from '../format.ts';
import { discardJobs } from './books.ts';
import { Catalogue } from './catalogue.ts';
import { type RawPath, toRaw } from './paths.ts';
import { ResultsFile, readResults } from './results.ts';
import { allFiles, isAtWork, type Places, readState, remove, type State, writeState } from './state.ts';

export interface BeginOptions {
  /** Undefined: the one of the run that is resumed, or the default. */
  readonly dir: string | undefined;
  readonly url: string;
  readonly places: Places;
  readonly resume: boolean;
  readonly stopping: AbortSignal;
  readonly note: (text: string) => void;
}

/** A run that is ready to be performed. */
export interface Begun {
  readonly state: State;
  readonly backend: Backend;
  readonly catalogue: Catalogue;
  readonly results: ResultsFile;
  readonly isResumed: boolean;
}

const DEFAULT_DIR = 'node_modules';

/**
 * Begins a run, or goes on with the one that was interrupted. Nothing is left open when it rejects.
 * @throws the reason of `stopping` when that aborts while an earlier run is cleared away: it is then still there
 */
export async function begin(options: BeginOptions): Promise<Begun> {
  const { places, resume, note } = options;
  const earlier = readState(places);
  if (earlier !== null && isAtWork(places, earlier)) {
    const hint = 'wait for it, or use another folder or backend';
    const message = `a demo is at work here already, as process ${earlier.pid}: ${hint}`;
    throw new WingmanError('WINGMAN_BACKEND_BUSY', message);
  }
  if (resume && earlier !== null) return goOn(earlier, options);
  if (resume) note('there is no interrupted run here to go on with: this is a new one');
  return startAfresh(earlier, options);
}

async function goOn(earlier: State, { dir, url, places }: BeginOptions): Promise<Begun> {
  if (dir !== undefined && resolve(dir) !== earlier.dir) {
    throw new UsageError(`the interrupted run is of ${printable(earlier.dir)}: leave out --dir, or leave out --resume`);
  }
  checkDirectory(earlier.dir);
  const catalogue = new Catalogue(earlier.run);
  for await (const result of readResults(places.results)) catalogue.add(result);
  const state = { ...earlier, pid: process.pid };
  return onBackend(url, async (backend) => {
    const results = new ResultsFile(places.results, { isFresh: false });
    writeState(places, state);
    return { state, backend, catalogue, results, isResumed: true };
  });
}

async function startAfresh(earlier: State | null, options: BeginOptions): Promise<Begun> {
  const { dir, url, places, stopping, note } = options;
  const state: State = { run: newId(), dir: resolve(dir ?? DEFAULT_DIR), pid: process.pid };
  checkDirectory(state.dir);
  remove(places.database);
  return onBackend(url, async (backend) => {
    if (earlier !== null && places.database.length === 0) {
      note('an interrupted run was not resumed: its jobs are taken out of the backend first');
      await discardJobs(backend, earlier.run, stopping);
      // Its state is all that tells which jobs those are.
      stopping.throwIfAborted();
    }
    // Emptied before the state says whose results these are.
    const results = new ResultsFile(places.results, { isFresh: true });
    writeState(places, state);
    return { state, backend, catalogue: new Catalogue(state.run), results, isResumed: false };
  });
}

async function onBackend(url: string, work: (backend: Backend) => Promise<Begun>): Promise<Begun> {
  const backend = await openBackend(url);
  try {
    return await work(backend);
  } catch (error) {
    await backend.close();
    throw error;
  }
}

function checkDirectory(dir: string): void {
  try {
    if (statSync(dir).isDirectory()) return;
  } catch (error) {
    throw new UsageError(`there is no directory to catalogue, name one with --dir: ${printable(messageOf(error))}`);
  }
  throw new UsageError(`${printable(dir)} is no directory: name one with --dir`);
}

/** The directory behind its path, where that is a link, and those of our own files that lie in it. */
export function treeOf(dir: string, places: Places): { root: Buffer; leftOut: ReadonlySet<RawPath> } {
  const root = realpathSync(dir);
  const leftOut = new Set<RawPath>();
  for (const file of allFiles(places)) {
    const below = relative(root, resolve(realpathSync(resolve(file, '..')), file.slice(file.lastIndexOf(sep) + 1)));
    if (!below.startsWith('..')) leftOut.add(toRaw(Buffer.from(below.replaceAll(sep, '/'))));
  }
  return { root: realpathSync.native(dir, 'buffer'), leftOut };
}

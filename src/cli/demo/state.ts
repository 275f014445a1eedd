import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, WingmanError, withoutPassword } from '../../core/errors.ts';

export const DEMO_BACKEND = 'sqlite:wingman-demo.db';

/** The files of a run, in the folder where it was started. Each backend has files of its own. */
export interface Places {
  /** What an interrupted run needs to go on. */
  readonly state: string;
  readonly results: string;
  /** The database, with what SQLite puts beside it, where it is the demo's own to remove. */
  readonly database: readonly string[];
}

/** What a run is, for the one that goes on with it. */
export interface State {
  readonly run: string;
  /** The directory that is catalogued; absolute. */
  readonly dir: string;
  readonly pid: number;
}

export function placesOf(url: string, folder: string): Places {
  const isOwn = url === DEMO_BACKEND;
  const shown = withoutPassword(url).replace(/[^\w.]+/g, '-');
  const base = resolve(folder, isOwn ? 'wingman-demo' : `wingman-demo-${shown.slice(0, 100)}`);
  const database = isOwn ? ['', '-wal', '-shm', '-journal'].map((suffix) => `${base}.db${suffix}`) : [];
  return { state: `${base}.json`, results: `${base}.results.jsonl`, database };
}

export function allFiles({ state, results, database }: Places): readonly string[] {
  return [state, results, ...database];
}

export function remove(files: readonly string[]): void {
  for (const file of files) rmSync(file, { force: true });
}

/** The state that an interrupted run has left, or null. */
export function readState({ state }: Places): State | null {
  if (!existsSync(state)) return null;
  try {
    const content: unknown = JSON.parse(readFileSync(state, 'utf8'));
    if (isState(content)) return content;
  } catch {
    // As below: it was cut short, or is something else.
  }
  return null;
}

/** The file is there as a whole or not at all. */
export function writeState({ state }: Places, content: State): void {
  const fresh = `${state}.new`;
  try {
    writeFileSync(fresh, `${JSON.stringify(content)}\n`);
    renameSync(fresh, state);
  } catch (cause) {
    throw cannotWrite(cause);
  }
}

/** For a run that cannot begin, as it could not be resumed either. */
export function cannotWrite(cause: unknown): WingmanError {
  const message = `the demo keeps its state and results in the current folder, and cannot write there: ${messageOf(cause)}`;
  return new WingmanError('WINGMAN_OPTION_INVALID', message, { cause });
}

/** Longer than the pause between two touches. */
const FRESH = 3_000;

/** A sign of life, in the time of the state's file. */
export function touch({ state }: Places): void {
  const now = new Date();
  if (existsSync(state)) utimesSync(state, now, now);
}

/** Whether the process that wrote this state is still at it. A number alone may be another process's by now. */
export function isAtWork({ state }: Places, { pid }: State): boolean {
  const touched = statSync(state, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return pid !== process.pid && Date.now() - touched < FRESH && isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && Reflect.get(error, 'code') === 'EPERM';
  }
}

function isState(content: unknown): content is State {
  if (typeof content !== 'object' || content === null) return false;
  const { run, dir, pid }: { run?: unknown; dir?: unknown; pid?: unknown } = content;
  return typeof run === 'string' && typeof dir === 'string' && Number.isSafeInteger(pid);
}

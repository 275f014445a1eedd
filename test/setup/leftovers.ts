// Fails the run when a test leaves a process or a file behind. Every process of a run inherits a mark in its
// environment and a temporary folder of its own, so what is left is found without trusting the tests to name it.
// A redis-server writes its title over its environment: it is known by working in that folder, where its files belong.
// A listening port needs no search of its own: it goes with its process.

import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const mark = `WINGMAN_TEST_RUN=${randomUUID()}`;
const graceMs = 3_000;
/** Kept by Node.js and by jiti for the next program that wants them, and meant to stay. */
const caches = ['jiti', 'jiti-esm', 'node-compile-cache'];
const memory = '/dev/shm';
const roomInBytes = 4 * 2 ** 30;
let temporary: string;

export function setup(): void {
  const [name = '', value] = mark.split('=');
  process.env[name] = value;
  // A short name: a path to a Unix socket has 107 characters.
  temporary = realpathSync(mkdtempSync(join(roomyMemory() ?? tmpdir(), 'wm-')));
  process.env.TMPDIR = temporary;
  // At the very end, which an interrupted run has too.
  process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
}

/**
 * A folder in memory, where there is one with room enough. Each commit of a test waits for its disk, which on a machine that is shared
 * takes now a tenth of a millisecond and now ten; no test pulls the plug.
 */
function roomyMemory(): string | null {
  try {
    const { bavail, bsize } = statfsSync(memory);
    accessSync(memory, constants.W_OK | constants.X_OK);
    return bavail * bsize >= roomInBytes ? memory : null;
  } catch {
    return null;
  }
}

/** Sets the exit code, because vitest reports an error thrown here without failing the run. */
export async function teardown(): Promise<void> {
  // A process that was told to end may need a moment.
  const deadline = performance.now() + graceMs;
  while (leftProcesses().length > 0 && performance.now() < deadline) await sleep(50);
  for (const { pid, command } of leftProcesses()) {
    report(`a process: ${pid} ${command}`);
    process.kill(pid, 'SIGKILL');
  }
  for (const name of readdirSync(temporary)) {
    if (!caches.includes(name)) report(`a temporary file: ${join(temporary, name)}`);
  }
}

function report(what: string): void {
  process.exitCode = 1;
  console.error(`left behind by a test: ${what}`);
}

/** Processes that carry the mark, without vitest's own workers. Linux only: elsewhere, none. */
function leftProcesses(): { pid: number; command: string }[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      if (!isOfThisRun(pid) || isOurChild(pid)) return [];
      return [{ pid: Number(pid), command: readProcess(pid, 'cmdline').replaceAll('\0', ' ') }];
    });
}

function isOfThisRun(pid: string): boolean {
  return readProcess(pid, 'environ').split('\0').includes(mark) || workingFolder(pid).startsWith(temporary);
}

/** Vitest's workers are children of this process; what a test started is a child of a worker, or an orphan. */
function isOurChild(pid: string): boolean {
  return readProcess(pid, 'status').includes(`\nPPid:\t${process.pid}\n`);
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ''; // As in readProcess.
  }
}

function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has just ended, or is another user's.
  }
}

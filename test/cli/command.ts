import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../..');
/** As it is built: test/setup/built.ts does that first. */
const COMMAND = join(root, 'dist/cli/index.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder like a user's project: with the package, zod and the command installed, and with these files in it. */
export async function project(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wingman-cli-'));
  // Not Node's own way: it gives up at paths that are too long.
  onTestFinished(() => run('rm', ['-rf', folder], tmpdir()).ended.then(() => undefined));
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
  await symlink(root, join(folder, 'node_modules/wingmanjs'));
  await symlink(join(root, 'node_modules/zod'), join(folder, 'node_modules/zod'));
  const shim = join(folder, 'node_modules/.bin/wingman');
  await writeFile(shim, `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`);
  await chmod(shim, 0o755);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** A process of the test's own. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  readonly #watchers = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      for (const watch of this.#watchers) watch();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      for (const watch of this.#watchers) watch();
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  /** Everything that it has printed. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** Resolves when what it has printed has this in it; rejects when it ends without. */
  prints(pattern: string | RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        if (!(typeof pattern === 'string' ? this.output.includes(pattern) : pattern.test(this.output))) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
      watch();
      this.ended.then(() => reject(new Error(`it ended without printing ${pattern}:\n${this.output}`)), reject);
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}

export interface RunSettings {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from stdin. */
  readonly input?: string;
}

/** Starts a program in a folder; it does not outlive the test. */
export function run(program: string, args: readonly string[], folder: string, settings: RunSettings = {}): Running {
  const { WINGMAN_BACKEND, FORCE_COLOR, npm_lifecycle_event, ...inherited } = process.env;
  const PATH = [join(folder, 'node_modules/.bin'), inherited.PATH].join(delimiter);
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...inherited, PATH, ...settings.env },
    stdio: [settings.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(settings.input);
  const running = new Running(child);
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await running.ended;
  });
  return running;
}

/** Starts `wingman` with these words. */
export function start(folder: string, args: readonly string[], settings?: RunSettings): Running {
  return run(process.execPath, [COMMAND, ...args], folder, settings);
}

/** Runs `wingman` with these words to its end. */
export function wingman(folder: string, args: readonly string[], settings?: RunSettings): Promise<Ended> {
  return start(folder, args, settings).ended;
}

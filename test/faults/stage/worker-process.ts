import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ManagerOptions } from '../../../src/index.ts';
import { killAtExit } from '../../harness/kill-at-exit.ts';
import { type Event, type Happening, isEvent, type Kind } from '../history/events.ts';

const FOLDER = join(import.meta.dirname, '../worker');

export interface ChildOptions {
  /** The file under `worker/` that it runs. */
  readonly program: 'worker.mjs' | 'application.mjs' | 'lock-holder.mjs';
  /** A name that no other process of the scenario has. */
  readonly name: string;
  readonly settings: object;
}

export type WorkerOptions = Pick<
  ManagerOptions,
  'concurrency' | 'lease' | 'heartbeat' | 'grace' | 'pollInterval' | 'stuckAfter'
>;

/** A process of the bench. It dies with the runner, and when it is told to. */
export class Child {
  readonly name: string;
  /** How it ended: its code or its signal. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #hasEnded = false;
  #log = '';
  #watchers: (() => void)[] = [];

  constructor({ program, name, settings }: ChildOptions) {
    this.name = name;
    const words = [join(FOLDER, program), JSON.stringify(settings)];
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    killAtExit(child);
    child.stdin?.on('error', () => undefined);
    child.stderr?.on('data', (chunk) => {
      if (this.#log.length < 100_000) this.#log += chunk;
    });
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.#lines.push(line);
        this.#tell();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#hasEnded = true;
        this.#tell();
        resolve(signal ?? String(code));
      });
    });
    // Whoever waits for its end is told; nobody else need be.
    this.ended.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What it wrote to stderr. */
  get log(): string {
    return this.#log;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Resolves with a line of its stdout that fits, the first one from `from` on. Rejects when it ends without one. */
  async line<Result>(read: (line: string) => Result | null, from = 0): Promise<Result> {
    for (let at = from; ; at += 1) {
      while (at >= this.#lines.length) {
        if (this.#hasEnded) throw new Error(`${this.name} ended without what was waited for: ${this.#log}`);
        await new Promise<void>((resolve) => this.#watchers.push(resolve));
      }
      const result = read(this.#lines[at] ?? '');
      if (result !== null) return result;
    }
  }

  /** Resolves with an event that it tells on stdout. */
  told<Name extends Kind>(
    kind: Name,
    fits: (event: Happening<Name>) => boolean = () => true,
  ): Promise<Happening<Name>> {
    return this.line((line) => {
      const event: unknown = { at: 0, process: this.name, ...JSON.parse(line) };
      return isEvent(event) && isOfKind(event, kind) && fits(event) ? event : null;
    });
  }

  /** Ends it if it has not ended. */
  async kill(): Promise<void> {
    // One that is stopped does not take note of its stdin's end, and does of this.
    this.#child.kill('SIGKILL');
    await this.ended.catch(() => undefined);
  }

  #tell(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}

function isOfKind<Name extends Kind>(event: Event, kind: Name): event is Event<Name> {
  return event.kind === kind;
}

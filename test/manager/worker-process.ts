import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** A manager in a process of its own, by default that of worker.mjs, which is killed when the test ends. */
export class Worker {
  readonly child: ChildProcess;
  readonly #events: { event: string; [field: string]: unknown }[] = [];
  readonly #exit: Promise<unknown[]>;
  #look: () => void = () => {};
  #log = '';

  constructor(url: string, settings: object, module = join(import.meta.dirname, 'worker.mjs')) {
    const words = [module, url, JSON.stringify(settings)];
    this.child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#exit = once(this.child, 'close');
    onTestFinished(async () => {
      this.child.kill('SIGKILL');
      await this.#exit;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.#log += chunk;
    });
    if (this.child.stdout === null) throw new Error('no stdout');
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.#events.push(JSON.parse(line));
      this.#look();
    });
    this.#exit.then(() => this.#look());
  }

  /** Resolves when its process has told of so many events of this name. */
  async told(name: string, count = 1): Promise<{ [field: string]: unknown }[]> {
    for (;;) {
      const events = this.#events.filter(({ event }) => event === name);
      if (events.length >= count) return events;
      if (this.child.exitCode !== null) throw new Error(`it ended without '${name}': ${this.#log}`);
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  /** How it ended, and its log lines. */
  async ended(): Promise<{ code: unknown; signal: unknown; log: { msg: string; [field: string]: unknown }[] }> {
    const [code, signal] = await this.#exit;
    const lines = this.#log.split('\n').filter((line) => line !== '');
    return { code, signal, log: lines.map((line) => JSON.parse(line)) };
  }

  letHandlersEnd(): void {
    this.child.stdin?.write('\n');
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const PEER = join(import.meta.dirname, 'peer.mjs');

/** What a peer answers: the result of what it did, or the code and the message of the error that it met. */
export interface Answer {
  readonly done?: unknown;
  readonly refused?: { readonly code: string; readonly message: string };
}

/** Another process with the same file (see peer.mjs). It does not outlive the test. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #answers: Answer[] = [];
  #hasEnded = false;
  #asked = 0;
  #look: () => void = () => {};

  /** @param program what it is started with, where not by itself: a command that takes another as its last words */
  constructor(program: readonly string[] = []) {
    const [command = '', ...words] = [...program, process.execPath, PEER];
    this.#child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'close').then(() => {
      this.#hasEnded = true;
      this.#look();
    });
    onTestFinished(async () => {
      await this.kill();
    });
    if (this.#child.stdout === null) throw new Error('no stdout');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#answers.push(JSON.parse(line));
      this.#look();
    });
  }

  /** Resolves with its answer. One thing is asked at a time. */
  async ask(doing: string, settings: object = {}): Promise<Answer> {
    this.tell(doing, settings);
    const answer = (await this.answers(this.#asked)).at(this.#asked - 1);
    if (answer === undefined) throw new Error(`it ended without an answer to '${doing}'`);
    return answer;
  }

  /** Asks and waits for no answer. */
  tell(doing: string, settings: object = {}): void {
    this.#asked += 1;
    this.#child.stdin?.write(`${JSON.stringify({ doing, ...settings })}\n`);
  }

  /** Resolves when it has given so many answers, or has ended, with all of them. */
  async answers(count: number): Promise<readonly Answer[]> {
    while (this.#answers.length < count && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
    return this.#answers;
  }

  /** Ends it without warning. Resolves when it is gone and all that it told has been heard. */
  async kill(): Promise<readonly Answer[]> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    return this.#answers;
  }
}

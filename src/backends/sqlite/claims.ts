import type { Connection } from './connection.ts';
import { LIST_FROM } from './lists.ts';
import { transitions } from './statements.ts';

/** The claims of one worker in one step, written together: until then their jobs wait as far as the file knows. */
export class Claims {
  readonly worker: string;
  readonly #connection: Connection;
  #sequences: number[] = [];
  /** The token of the first of them. The others have those that follow it. */
  #first = 0;

  constructor(connection: Connection, worker: string) {
    this.#connection = connection;
    this.worker = worker;
  }

  add(sequence: number, token: number): void {
    if (token !== this.#first + this.#sequences.length) {
      this.write();
      this.#first = token;
    }
    this.#sequences.push(sequence);
  }

  /** Before anything is asked that depends on which jobs wait. */
  write(): void {
    if (this.#sequences.length >= LIST_FROM) {
      this.#connection.run(transitions.claimAll, this.worker, this.#first, `[${this.#sequences.join()}]`);
    } else {
      this.#sequences.forEach((sequence, index) => {
        this.#connection.run(transitions.claim, this.worker, this.#first + index, sequence);
      });
    }
    this.#first += this.#sequences.length;
    this.#sequences = [];
  }
}

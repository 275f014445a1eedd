import type { Redis } from 'ioredis';
import type { WaitOptions } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { BackendError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Over } from './blocker.ts';
import { asItIs, type Connection, type Read } from './connection.ts';
import type { Keys } from './keys.ts';
import { closed } from './refusals.ts';
import { Replication } from './replication.ts';
import type { ScriptName } from './scripts.ts';
import type { Word } from './send.ts';
import { Standby } from './standby.ts';
import { Waiting } from './waiting.ts';

export interface DeskSettings {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly clock: Clock;
  /** How long a grant is kept before it may pass to another queue, in milliseconds. */
  readonly grantTimeout: number;
}

/** What every concern of the backend works with: the connection, the keys, and those who wait. */
export class Desk {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly grantTimeout: number;
  readonly waiting: Waiting;
  readonly replication: Replication;
  readonly #standby: Standby;
  #isClosed = false;

  constructor({ connection, keys, clock, grantTimeout }: DeskSettings) {
    this.connection = connection;
    this.keys = keys;
    this.clock = clock;
    this.grantTimeout = grantTimeout;
    this.waiting = new Waiting(connection, keys, clock);
    this.#standby = new Standby(connection, clock);
    this.replication = new Replication(connection, keys, clock);
  }

  /** Runs a script that changes something. */
  run(name: ScriptName, ...args: readonly Word[]): Promise<unknown> {
    return this.runReading(name, args, asItIs);
  }

  /** The same with what reads the reply: one promise less, for what is done for each job. */
  runReading<Reply>(name: ScriptName, words: readonly Word[], read: Read<Reply>): Promise<Reply> {
    if (this.#isClosed) return Promise.reject(this.#closed());
    return this.connection.run(name, this.keys, words, (reply) => {
      this.replication.wrote();
      return read(reply);
    });
  }

  /** Runs a script that changes something as soon as there is work in one of these queues: see `Standby`. */
  standBy<Reply>(
    queues: readonly string[],
    options: WaitOptions,
    name: ScriptName,
    words: readonly Word[],
    over: Over<Reply>,
  ): Promise<Reply> {
    if (this.#isClosed) return Promise.reject(this.#closed());
    const lists = queues.map((queue) => this.keys.of('wake', queue));
    return this.#standby.run(lists, options, { name, keys: this.keys, words }, over);
  }

  /** Runs a script that changes nothing. */
  async read(name: ScriptName, ...args: readonly Word[]): Promise<unknown> {
    this.assertOpen();
    return this.connection.run(name, this.keys, args);
  }

  /** Runs a command that changes nothing. */
  async do<Reply>(command: (client: Redis) => Promise<Reply>): Promise<Reply> {
    this.assertOpen();
    return this.connection.do(command);
  }

  assertOpen(): void {
    if (this.#isClosed) throw this.#closed();
  }

  #closed(): BackendError {
    return closed(this.connection.location, 'not done');
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.waiting.close();
    this.#standby.close();
    this.connection.close();
  }
}

/** The words by which a script knows a call. */
export function callArgs({ client, sequence, floor }: Call): readonly [string, string, string] {
  const number = padded(sequence);
  return [client, number, floor === sequence ? number : padded(floor)];
}

/** As wide as the largest whole number: so the scripts can compare such numbers as text, which is much faster. */
function padded(number: number): string {
  return String(number).padStart(16, '0');
}

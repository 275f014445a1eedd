import type { Call } from '../../contract/call.ts';
import type { Connection } from './connection.ts';
import type { Value } from './driver.ts';
import { integer, text } from './rows.ts';
import { tallies } from './statements.ts';

/** What is counted over all jobs. */
export interface Counts {
  readonly sequence: number;
  readonly successful: number;
  /** The counter of failed jobs since the beginning; `failed` is how many are kept now. */
  readonly failures: number;
  readonly scheduled: number;
  readonly failed: number;
  readonly parked: number;
  readonly dead: number;
}

/** Of whom a step asks at its start. */
interface Asked {
  /** The call that it does. */
  readonly call?: Pick<Call, 'client' | 'sequence'>;
  /** The worker that makes the call. */
  readonly worker?: string;
}

/**
 * What most steps must know before they do anything, read by one statement: the counts, what was answered to this call before,
 * and whether there is anything at all of what few stores have. How it was at the start of the transaction.
 */
export class Glance {
  readonly #connection: Connection;
  #row: readonly Value[] | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Before anything else is asked for; who asks for nobody need not. */
  of({ call, worker }: Asked): void {
    const [client, sequence] = call === undefined ? [null, null] : [call.client, call.sequence];
    this.#row = this.#connection.rows(tallies.glance, worker ?? null, client, sequence)[0] ?? [];
  }

  get counts(): Counts {
    const [sequence, successful, failures, scheduled, failed, parked, dead] = this.#read();
    return {
      sequence: integer(sequence),
      successful: integer(successful),
      failures: integer(failures),
      scheduled: integer(scheduled),
      failed: integer(failed),
      parked: integer(parked),
      dead: integer(dead),
    };
  }

  /** There are pauses, or limits of queues. */
  get isControlled(): boolean {
    return this.#is(7);
  }

  /** Some job is watched, or was when it ended. */
  get isWatched(): boolean {
    return this.#is(8);
  }

  /** Some job has reported how far it is. */
  get hasProgress(): boolean {
    return this.#is(9);
  }

  /** Steps before have left places to be granted. */
  get hasUngranted(): boolean {
    return this.#is(10);
  }

  /** The worker has a lease. */
  get isRegistered(): boolean {
    return this.#is(11);
  }

  /** What was answered to this call before. */
  get reply(): string | null {
    const reply = this.#read()[12];
    return reply === null ? null : text(reply);
  }

  #is(column: number): boolean {
    return integer(this.#read()[column]) !== 0;
  }

  #read(): readonly Value[] {
    if (this.#row === undefined) this.of({});
    return this.#row ?? [];
  }
}

import { begun } from '../core/begun.ts';

/**
 * The id of one mutating call, of the caller's making. A backend remembers the calls of each client that are not known to
 * be answered, so a call whose reply was lost on the network and which is sent again is done once.
 */
export interface Call {
  /** One process's use of one backend; never used twice. */
  readonly client: string;
  /** Counts this client's calls from 1. */
  readonly sequence: number;
  /** The oldest call of this client that is not answered yet: the backend may forget those below. */
  readonly floor: number;
}

/** Gives out the ids of one client's calls, and knows which of them are still open. */
export class Caller {
  readonly #client: string;
  /** From the oldest to the newest. */
  readonly #open: number[] = [];
  #last = 0;

  constructor(client: string) {
    this.#client = client;
  }

  /** The id of a call that is about to be made; it stays open until `close`. */
  open(): Call {
    this.#last += 1;
    const sequence = this.#last;
    this.#open.push(sequence);
    const [floor = sequence] = this.#open;
    return { client: this.#client, sequence, floor };
  }

  /** A call was answered, or is not repeated any more. */
  close({ sequence }: Call): void {
    if (this.#open.at(-1) === sequence) {
      this.#open.pop();
      return;
    }
    const place = this.#open.indexOf(sequence);
    if (place >= 0) this.#open.splice(place, 1);
  }

  /**
   * Makes one call under an id of its own. Repeats inside `send` (after a lost connection, say) use the id they were given.
   * A call that rejects may still arrive at the backend later, and would then still be done once at most.
   */
  call<Reply>(send: (call: Call) => Promise<Reply>): Promise<Reply> {
    const call = this.open();
    return begun(() => send(call)).then(
      (reply) => {
        this.close(call);
        return reply;
      },
      (error: unknown) => {
        this.close(call);
        throw error;
      },
    );
  }
}

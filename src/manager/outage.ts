import { persist } from '../runtime/persist.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

/** Repeats what has failed, until it is answered. Of several that meet the same outage the first tells of it; the others wait for it. */
export class Outage {
  readonly #what: string;
  readonly #surroundings: Surroundings;
  readonly #givingUp: AbortSignal;
  /** Settles when the outage is over; null while there is none. */
  #over: Promise<void> | null = null;

  constructor(what: string, surroundings: Surroundings, givingUp: AbortSignal) {
    this.#what = what;
    this.#surroundings = surroundings;
    this.#givingUp = givingUp;
  }

  /** @param error with which `send` has just failed */
  rideOut<Reply>(send: () => Promise<Reply>, error: unknown): Promise<Reply> {
    let isFirst = true;
    const again = (): Promise<Reply> => {
      const failed = isFirst;
      isFirst = false;
      return failed ? Promise.reject(error) : send();
    };
    const answered = this.#over === null ? this.#persist(again) : this.#over.then(() => this.#persist(send));
    const over = answered.then(
      () => undefined,
      () => undefined,
    );
    this.#over = over;
    void over.then(() => {
      if (this.#over === over) this.#over = null;
    });
    return answered;
  }

  #persist<Reply>(send: () => Promise<Reply>): Promise<Reply> {
    return persist(send, this.#what, this.#surroundings, this.#givingUp);
  }
}

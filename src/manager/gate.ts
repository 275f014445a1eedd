const OPEN = Promise.resolve();

/** Lets one waiter pass each time it was opened: several openings before the waiter comes count as one. */
export class Gate {
  #isOpen = false;
  #waiter: (() => void) | null = null;

  open(): void {
    if (this.#waiter === null) {
      this.#isOpen = true;
      return;
    }
    this.#waiter();
    this.#waiter = null;
  }

  /** Resolves at once if the gate was opened since the last passage, else when it is. */
  passed(): Promise<void> {
    if (!this.#isOpen) {
      return new Promise((resolve) => {
        this.#waiter = resolve;
      });
    }
    this.#isOpen = false;
    return OPEN;
  }
}

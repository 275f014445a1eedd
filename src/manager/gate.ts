/** Lets one waiter pass each time it was opened: several openings before the waiter comes count as one. */
export class Gate {
  #isOpen = false;
  #waiter: (() => void) | null = null;

  open(): void {
    this.#isOpen = true;
    this.#waiter?.();
  }

  /** Resolves at once if the gate was opened since the last passage, else when it is. */
  async passed(): Promise<void> {
    if (!this.#isOpen) {
      await new Promise<void>((resolve) => {
        this.#waiter = resolve;
      });
    }
    this.#waiter = null;
    this.#isOpen = false;
  }
}

export interface AbortWatcher {
  aborted(): void;
}

/**
 * An `AbortController` that makes its signal only when somebody asks for it: few do, and to make one takes longer than a small job
 * takes to run.
 */
export class LazyAbortController {
  #controller: AbortController | null = null;
  #isAborted = false;
  #reason: unknown;
  /** Told when it aborts, after those who listen to the signal. */
  watcher: AbortWatcher | null = null;

  get aborted(): boolean {
    return this.#isAborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Repeated, it does nothing: the first reason stays. */
  abort(reason: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.watcher?.aborted();
  }
}

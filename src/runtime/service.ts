/** Something that runs until it is stopped. Starting and stopping are idempotent, and it can be started again. */
export class Service {
  readonly #body: (stopping: AbortSignal) => Promise<void>;
  #stopping: AbortController | null = null;
  #quiet: Promise<void> = Promise.resolve();

  /** @param body the work; it ends soon after its signal aborts, and never rejects */
  constructor(body: (stopping: AbortSignal) => Promise<void>) {
    this.#body = body;
  }

  /** Does nothing while it runs. Started while it stops, it starts again when it is quiet. */
  start(): void {
    if (this.#stopping !== null) return;
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#quiet = this.#quiet.then(() => this.#body(stopping.signal));
  }

  /** Settles when all is quiet, and not before. */
  stop(): Promise<void> {
    this.#stopping?.abort();
    this.#stopping = null;
    return this.#quiet;
  }
}

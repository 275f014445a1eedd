/**
 * The signs of life that a process's main loop leaves for its heartbeat thread, in memory that both see: when it ran last, and when
 * it had the lease extended last, by the one clock that all threads of a machine have in common. Milliseconds.
 */
export class Pulse {
  readonly memory: SharedArrayBuffer;
  readonly #at: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.#at = new BigInt64Array(memory);
  }

  beat(): void {
    Atomics.store(this.#at, 0, now());
  }

  /** How long ago the last beat was. */
  silence(): number {
    return Number(now() - Atomics.load(this.#at, 0));
  }

  /** A check-in that was sent so long ago has extended the lease. */
  renewed(ago: number): void {
    Atomics.store(this.#at, 1, now() - BigInt(Math.ceil(ago)));
  }

  /** How long ago the last such check-in was sent; a very long time where there was none. */
  sinceRenewal(): number {
    return Number(now() - Atomics.load(this.#at, 1));
  }
}

function now(): bigint {
  return process.hrtime.bigint() / 1_000_000n;
}

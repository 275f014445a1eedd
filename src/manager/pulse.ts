/**
 * The sign of life that a process's main loop leaves for its heartbeat thread: an instant in memory that both see, by the
 * one clock that all threads of a machine have in common. Milliseconds.
 */
export class Pulse {
  readonly memory: SharedArrayBuffer;
  readonly #at: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
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
}

function now(): bigint {
  return process.hrtime.bigint() / 1_000_000n;
}

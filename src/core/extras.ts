/**
 * What only few jobs have, as it is stored with them. A job without any has no extras at all, so that it pays nothing for
 * them; a field that says nothing is left out, and no list in it is empty.
 */
export interface Extras {
  /** A whole number from -1000 to 1000, and not 0; the higher, the sooner. */
  readonly priority?: number;
  readonly unique?: Unique;
  /** How long after it was enqueued it must have ended, in milliseconds. */
  readonly deadline?: number;
  readonly tags?: readonly string[];
  /** Which recurring schedule made it, and for which tick: an instant in milliseconds. */
  readonly schedule?: { readonly name: string; readonly tick: number };
}

/** Which other jobs a job must not stand beside. */
export interface Unique {
  /** 1 to 512 characters. Keys of different types have nothing in common. */
  readonly key: string;
  /** How long the key is taken: until the job is first claimed, until it has ended, or so many milliseconds from its enqueue. */
  readonly while: 'waiting' | 'until done' | number;
}

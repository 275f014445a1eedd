import type { Backend } from '../backend.ts';
import type { StageOptions, Stages } from '../stages.ts';

export interface StoreOptions {
  readonly maxPayload?: number;
  readonly grantTimeout?: number;
}

/** What a kind of store may be unable to do, for a reason of its own. */
export type Ability = 'reopen' | 'damage' | 'pushRaw';

/** One kind of backend, as the suite sees it. */
export interface Subject {
  readonly name: string;
  /** What it cannot do, each with the reason: the tests that need it are skipped, and their titles say why. */
  readonly cannot: Readonly<Partial<Record<Ability, string>>>;
  /** Makes a new, empty store of a test's own. */
  create(options?: StoreOptions): Promise<Store>;
}

/** One store, and the ways into it. */
export interface Store {
  /** A handle on this store; every call gives another. Without the ability `reopen`, it can be called once only. */
  open(): Promise<Backend>;
  /** The stages over a handle of their own, as an application gets them. As `open` where there is one handle only. */
  init(options?: StageOptions): Promise<Stages>;
  /** Spoils the stored form of a job, and gives the bytes that stand there now. */
  damage(id: string): Promise<Uint8Array>;
  /** Appends an entry to a queue as some other program would. */
  pushRaw(queue: string, entry: string): Promise<void>;
  /** Closes every handle and removes the store. */
  dispose(): Promise<void>;
}

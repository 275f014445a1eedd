import type { Stats } from '../../../src/contract/backend.ts';
import type { Undone } from './ownership.ts';
import type { Story } from './story.ts';

/** A last look at the store, when all should have ended. */
export interface FinalLook {
  readonly stats: Stats;
  /** The ids of the jobs that are kept as failed. */
  readonly failed: readonly string[];
}

/** What a scenario allows. */
export interface Allowed {
  /** When the store may have forgotten what it had acknowledged. */
  readonly undone: Undone;
}

/** All that a rule may look at. */
export interface Evidence extends Allowed {
  readonly story: Story;
  readonly final: FinalLook;
}

/** One thing that must not have happened. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

/** What is promised, and how a history shows that it was broken: each message is one case. */
export type Rule = (evidence: Evidence) => Iterable<string>;

import type { Keep } from '../../core/keep.ts';
import type { Connection } from './connection.ts';
import type { Row } from './driver.ts';
import { toStored } from './numbers.ts';
import { integer } from './rows.ts';
import { kept } from './statements.ts';

/** What is known of the completed jobs of one type that are kept. */
export interface Shelf {
  readonly jobs: number;
  readonly rule: Keep;
}

/**
 * Of which types completed jobs are kept, within one transaction: read when they are needed first, written once, at its end.
 * With each type goes when the next of its jobs expires, so that a sweep looks at no type in vain.
 */
export class Kept {
  readonly #connection: Connection;
  readonly #changed = new Map<string, Shelf>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Undefined where none of this type is kept. */
  of(type: string): Shelf | undefined {
    const changed = this.#changed.get(type);
    if (changed !== undefined) return changed;
    const row = this.#connection.get(kept.of, type);
    return row === undefined ? undefined : { jobs: integer(row.jobs), rule: ruleIn(row) };
  }

  /** One job more of this type, which brings its rule for all of them. */
  add(type: string, rule: Keep): void {
    this.#changed.set(type, { jobs: (this.of(type)?.jobs ?? 0) + 1, rule });
  }

  /** One job less of this type. */
  drop(type: string): void {
    const shelf = this.of(type);
    if (shelf !== undefined) this.#changed.set(type, { ...shelf, jobs: shelf.jobs - 1 });
  }

  save(): void {
    for (const [type, { jobs, rule }] of this.#changed) {
      // As long as it is kept, and no longer than that.
      const keepFor = rule.for === null ? null : toStored(Math.ceil(rule.for));
      const keepCount = rule.count;
      if (jobs > 0) {
        this.#connection.run(kept.save, type, jobs, keepFor, keepCount, this.#expires(type, jobs, keepFor, keepCount));
      } else {
        this.#connection.run(kept.remove, type);
      }
    }
  }

  #expires(type: string, jobs: number, keepFor: number | null, keepCount: number | null): number | null {
    if (keepCount !== null && jobs > keepCount) return Number.MIN_SAFE_INTEGER;
    if (keepFor === null) return null;
    return toStored(integer(this.#connection.get(kept.oldest, type)?.ended_at) + keepFor);
  }
}

function ruleIn({ keep_for, keep_count }: Row): Keep {
  return {
    for: keep_for === null ? null : integer(keep_for),
    count: keep_count === null ? null : integer(keep_count),
  };
}

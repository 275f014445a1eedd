// In what ways an exchange settles, and what it says of each of them to its script.
import type { Settled, Settlement } from '../../contract/backend.ts';
import type { ClaimedJob } from '../../core/envelope.ts';
import { isPlain } from './codec.ts';
import { Alike, type Word } from './send.ts';
import { TokenRow } from './token-row.ts';

/** How a settlement is settled: in bulk, since the job holds nothing, or has locks and nothing else; or on its own. */
export type Way = 'plain' | 'locked' | 'single';

export interface Sorted {
  /** Of each, in their order. */
  readonly ways: readonly Way[];
  readonly plain: InBulk;
  readonly locked: InBulk;
  readonly singles: readonly Settlement[];
}

/**
 * None is settled in bulk where a job may be named twice: then the order decides which of the two is stale. Nor is one with locks where
 * others free theirs on their own: in that order they are granted.
 */
export function sortSettlements(settlements: readonly Settlement[], worker: string): Sorted {
  const ways: Way[] = [];
  const [plain, locked] = [new InBulk(), new InBulk()];
  const singles: Settlement[] = [];
  for (const settlement of settlements) {
    const way = wayOf(settlement, worker);
    ways.push(way);
    if (way === 'single') singles.push(settlement);
    else (way === 'plain' ? plain : locked).add(settlement.job);
  }
  const isMixed = singles.length > 0 && locked.size > 0;
  // One claim after another gave these: their tokens differ, and so at most one of those of a job is not stale, wherever it stands.
  const isRow = [plain, locked].some(({ size, isRow }) => size === settlements.length && isRow);
  if (!isRow && hasTwice(settlements)) return allAlone(settlements);
  if (!isMixed) return { ways, plain, locked, singles };
  return {
    ways: ways.map((way) => (way === 'locked' ? 'single' : way)),
    plain,
    locked: new InBulk(),
    singles: settlements.filter((_, at) => ways[at] !== 'plain'),
  };
}

function wayOf(settlement: Settlement, worker: string): Way {
  if (!isPlain(settlement, worker)) return 'single';
  return settlement.job.locks?.length === 0 ? 'plain' : 'locked';
}

function hasTwice(settlements: readonly Settlement[]): boolean {
  return settlements.length > 1 && new Set(settlements.map(({ job }) => job.id)).size < settlements.length;
}

function allAlone(settlements: readonly Settlement[]): Sorted {
  const ways = settlements.map((): Way => 'single');
  return { ways, plain: new InBulk(), locked: new InBulk(), singles: settlements };
}

/** Jobs that are settled in one way, as the script takes them. */
class InBulk {
  readonly #jobs: ClaimedJob[] = [];
  readonly #row = new TokenRow();
  #areAlike = true;

  get size(): number {
    return this.#jobs.length;
  }

  /** Whether each was claimed next after the one before it. */
  get isRow(): boolean {
    return this.#row.isWhole;
  }

  add(job: ClaimedJob): void {
    const [first = job] = this.#jobs;
    if (job.id.length !== first.id.length) this.#areAlike = false;
    this.#jobs.push(job);
    this.#row.add(job.token);
  }

  /**
   * How many there are, how many tokens follow, their ids, and their tokens: of a batch that was claimed at once, and so is mostly
   * settled at once, the first says all.
   */
  addTo(words: Word[]): void {
    const jobs = this.#jobs;
    const withTokens = this.#row.isWhole ? jobs.slice(0, 1) : jobs;
    words.push(jobs.length, withTokens.length);
    if (this.#areAlike && jobs.length > 0) words.push(new Alike(jobs.map(({ id }) => id)));
    else for (const { id } of jobs) words.push(id);
    for (const { token } of withTokens) words.push(token);
  }
}

/** By the digit that says it. */
const SETTLED = ['stale', 'settled', 'cancelled'] as const;
const ZERO = '0'.charCodeAt(0);
const NOTHING_SETTLED: readonly Settled[] = [];

/** The script settles the plain ones first; this is in the order of the request. */
export function sortSettled(digits: string, ways: readonly Way[]): readonly Settled[] {
  if (ways.length === 0) return NOTHING_SETTLED;
  let nextPlain = 0;
  // There are either others that are settled in bulk, or singles.
  let next = 0;
  for (const way of ways) if (way === 'plain') next += 1;
  const settled: Settled[] = [];
  for (const way of ways) {
    const at = way === 'plain' ? nextPlain++ : next++;
    settled.push(SETTLED[digits.charCodeAt(at) - ZERO] ?? 'stale');
  }
  return settled;
}

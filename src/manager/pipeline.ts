import {
  EXCHANGE_BUDGET,
  type ExchangeReply,
  type ExchangeRequest,
  type Settlement,
  Step,
  settleWork,
} from '../contract/backend.ts';
import type { Clock } from '../runtime/clock.ts';
import { Calm } from './calm.ts';

/** With fewer slots, two exchanges cost more than they save. */
const LEAST_OVERLAP = 8;

/** What the pipeline needs to know of an answer. */
type ClaimReply = Pick<ExchangeReply, 'claimed' | 'more'>;

export interface PipelineOptions {
  readonly concurrency: number;
  /** The store works while this process does. */
  readonly overlaps: boolean;
  /** How long the exchanges may overlap without one that is made alone, in milliseconds. */
  readonly mostOverlap: number;
}

/**
 * How many exchanges may be under way at once, and how many jobs each is for. Mostly there is one at a time; where the queues are
 * full, and the store works beside this process, there are two, each for half of the slots, so that neither waits for the other.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #clock: Clock;
  readonly #calm: Calm;
  /** One or two. */
  #underway: readonly ExchangeRequest[] = [];
  /** Whether nothing else has been under way since the first of them began, and no claim waited. */
  #isAlone = true;
  #isBusy = false;
  #lastAloneOn = Number.NEGATIVE_INFINITY;

  constructor(options: PipelineOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#calm = new Calm(clock);
  }

  /** The newest claim got all that it asked for, or all that fits into a step: there is more. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Whoever settles all there is will mostly find nothing to claim; and the store can be left a claim meanwhile. */
  get isCalm(): boolean {
    return this.#calm.isCalm && !this.#isBusy && this.#options.overlaps;
  }

  /** There may be two at once. */
  get isOverlapping(): boolean {
    const { overlaps, concurrency } = this.#options;
    return this.#isBusy && overlaps && concurrency >= LEAST_OVERLAP;
  }

  get isEmpty(): boolean {
    return this.#underway.length === 0;
  }

  /** For how many jobs the claims are that are under way. */
  get claims(): number {
    let count = 0;
    for (const { claim } of this.#underway) count += claim?.count ?? 0;
    return count;
  }

  /** For how many jobs an exchange is at most. */
  get share(): number {
    return this.isOverlapping ? Math.min(EXCHANGE_BUDGET, Math.ceil(this.#options.concurrency / 2)) : EXCHANGE_BUDGET;
  }

  /**
   * Whether an exchange for so many jobs may begin. Now and then one is made alone: only then can what the store says that the worker
   * owns be compared with what is known here.
   */
  mayBegin(jobs: number): boolean {
    if (this.#underway.length === 0) return true;
    // A second exchange costs as much as the first: it is for as many jobs, or not worth it.
    if (!this.isOverlapping || this.#underway.length > 1 || jobs < this.share / 2) return false;
    return this.#clock.monotonic() - this.#lastAloneOn < this.#options.mostOverlap;
  }

  /** @param isListening a claim waits for work beside it, or is being made */
  begin(request: ExchangeRequest, isListening: boolean): void {
    const isParted = request.awaited !== undefined;
    if (isParted) this.#calm.parted();
    this.#isAlone = this.#underway.length === 0 && !isListening && !isParted;
    this.#underway = [...this.#underway, request];
  }

  end(request: ExchangeRequest): void {
    this.#underway = this.#underway.filter((other) => other !== request);
  }

  /** A claim that waited for work was answered. */
  woken(request: ExchangeRequest, reply: ClaimReply): void {
    this.#calm.woken();
    this.#told(request, reply);
  }

  /** The exchange was answered. Whether no other was under way meanwhile. */
  answered(request: ExchangeRequest, reply: ClaimReply): boolean {
    if (request.awaited !== undefined) this.#calm.settled();
    if (request.claim !== undefined) this.#calm.looked(reply.claimed.length);
    this.#told(request, reply);
    const isAlone = this.#isAlone && this.#underway.length === 0;
    if (isAlone) this.#lastAloneOn = this.#clock.monotonic();
    return isAlone;
  }

  #told({ claim }: ExchangeRequest, { claimed, more }: ClaimReply): void {
    if (claim !== undefined) this.#isBusy = more || claimed.length === claim.count;
  }
}

/** How many of these settlements one exchange takes, of at most so many. */
export function batchSize(settlements: readonly Settlement[], most: number): number {
  const step = new Step({ count: most, work: EXCHANGE_BUDGET });
  let size = 0;
  for (const { job, outcome } of settlements) {
    const characters = outcome.kind === 'completed' ? (outcome.result?.length ?? 0) : 0;
    if (!step.take(settleWork(job, outcome), characters)) break;
    size += 1;
  }
  return size;
}

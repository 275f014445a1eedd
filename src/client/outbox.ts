import { ENQUEUE_BUDGET, type Enqueued, type EnqueueReply, enqueueWork, Step } from '../contract/backend.ts';
import type { NewJob } from '../core/envelope.ts';
import type { Clock } from '../runtime/clock.ts';

/** So many are sent as two calls where none is under way: the store works on one while this process makes, and reads, the other. */
const LEAST_HALVED = 64;

const NOW = Promise.resolve();

/** Never written to. */
const NONE: Outgoing[] = [];

/** A job that is to be sent, and is told what becomes of it. It must not throw. */
export interface Outgoing {
  readonly job: NewJob;
  taken(enqueued: Enqueued): void;
  failed(error: unknown): void;
}

/** Told what the backend makes of a batch. */
export interface Recipient {
  delivered(reply: EnqueueReply): void;
  failed(error: unknown): void;
}

/** Hands a batch to the backend. */
type Send = (jobs: readonly NewJob[], recipient: Recipient) => void;

/**
 * Collects what is enqueued at once, and sends it in as few calls as the bounds allow: all that one piece of code enqueues without
 * waiting, in two where it is much; and while calls are under way, all of one turn of the event loop.
 */
export class Outbox {
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #flush = (): void => this.#sendAll();
  readonly #over = (): void => {
    this.#underway -= 1;
  };
  #items: Outgoing[] = NONE;
  #underway = 0;

  constructor(send: Send, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** It is told as the call that takes the job is answered. */
  add(item: Outgoing): void {
    if (this.#items.length > 0) {
      this.#items.push(item);
      return;
    }
    // A list that begins with one has room for no more than that: most are alone.
    this.#items = [item];
    // And who is alone need not wait for company.
    const gathered = this.#underway === 0 ? NOW : this.#clock.turn();
    void gathered.then(this.#flush);
  }

  #sendAll(): void {
    const items = this.#items;
    this.#items = NONE;
    // One alone fits into any call.
    if (items.length === 1) {
      this.#sendBatch(items);
      return;
    }
    const isHalved = this.#underway === 0 && items.length >= LEAST_HALVED;
    const most = isHalved ? Math.ceil(items.length / 2) : ENQUEUE_BUDGET;
    for (const batch of batchesOf(items, jobOf, most)) this.#sendBatch(batch);
  }

  #sendBatch(batch: readonly Outgoing[]): void {
    this.#underway += 1;
    this.#send(batch.map(jobOf), new Batch(batch, this.#over));
  }
}

function jobOf({ job }: Outgoing): NewJob {
  return job;
}

class Batch implements Recipient {
  readonly #items: readonly Outgoing[];
  readonly #over: () => void;

  constructor(items: readonly Outgoing[], over: () => void) {
    this.#items = items;
    this.#over = over;
  }

  delivered({ results }: EnqueueReply): void {
    this.#over();
    for (const [index, item] of this.#items.entries()) item.taken(results[index] ?? 'enqueued');
  }

  failed(error: unknown): void {
    this.#over();
    for (const item of this.#items) item.failed(error);
  }
}

/** Cuts a list into pieces that one call may take, in order, of so many at most. */
export function batchesOf<Item>(
  items: readonly Item[],
  jobOf: (item: Item) => NewJob,
  most = ENQUEUE_BUDGET,
): Item[][] {
  const batches: Item[][] = [];
  const bound = { count: Math.min(most, ENQUEUE_BUDGET), work: ENQUEUE_BUDGET };
  let batch: Item[] = [];
  let step = new Step(bound);
  for (const item of items) {
    const job = jobOf(item);
    const [work, characters] = [enqueueWork(job), job.payload.length];
    if (!step.take(work, characters)) {
      batches.push(batch);
      batch = [];
      step = new Step(bound);
      step.take(work, characters);
    }
    batch.push(item);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

import { ENQUEUE_BUDGET, type Enqueued, type EnqueueReply, enqueueWork, Step } from '../contract/backend.ts';
import type { NewJob } from '../core/envelope.ts';
import type { Clock } from '../runtime/clock.ts';

/** So many are sent as two calls where none is under way: the store works on one while this process makes, and reads, the other. */
const LEAST_HALVED = 64;

const NOW = Promise.resolve();

interface Item {
  readonly job: NewJob;
  readonly resolve: (enqueued: Enqueued) => void;
  readonly reject: (error: unknown) => void;
}

/** Hands a batch to the backend. */
type Send = (jobs: readonly NewJob[]) => Promise<EnqueueReply>;

/**
 * Collects what is enqueued at once, and sends it in as few calls as the bounds allow: all that one piece of code enqueues without
 * waiting, in two where it is much; and while calls are under way, all of one turn of the event loop.
 */
export class Outbox {
  readonly #send: Send;
  readonly #clock: Clock;
  #items: Item[] = [];
  #underway = 0;

  constructor(send: Send, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Settles as the call that takes the job does. */
  add(job: NewJob): Promise<Enqueued> {
    if (this.#items.length === 0) {
      // Who is alone need not wait for company.
      const gathered = this.#underway === 0 ? NOW : this.#clock.turn();
      void gathered.then(() => this.#flush());
    }
    return new Promise((resolve, reject) => {
      this.#items.push({ job, resolve, reject });
    });
  }

  #flush(): void {
    const items = this.#items;
    this.#items = [];
    const isHalved = this.#underway === 0 && items.length >= LEAST_HALVED;
    const most = isHalved ? Math.ceil(items.length / 2) : ENQUEUE_BUDGET;
    // One alone fits into any call.
    const batches = items.length === 1 ? [items] : batchesOf(items, ({ job }) => job, most);
    for (const batch of batches) this.#sendBatch(batch);
  }

  #sendBatch(items: readonly Item[]): void {
    this.#underway += 1;
    this.#send(items.map(({ job }) => job)).then(
      ({ results }) => {
        this.#underway -= 1;
        for (const [index, { resolve }] of items.entries()) resolve(results[index] ?? 'enqueued');
      },
      (error: unknown) => {
        this.#underway -= 1;
        for (const { reject } of items) reject(error);
      },
    );
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

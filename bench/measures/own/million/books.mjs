// A store with a million jobs, and short words for what is done with it.

import { batchesOf } from '../../../../dist/client/outbox.js';
import { EXCHANGE_BUDGET } from '../../../../dist/contract/bounds.js';
import { batchSize } from '../../../../dist/manager/pipeline.js';
import { longestOf, stepTimer } from '../steps.mjs';

export const HOUR = 3_600_000;
const LEADER = 'bench';

export class Books {
  #backend;
  #timer;
  #passes = [];
  #number = 0;
  #workers = 0;
  /** A handle whose grants may pass to others after a millisecond. */
  impatient;
  /** Those that run, of the queues whose jobs have locks for which others wait. */
  holders = { keyed: [], 'thrice-keyed': [] };

  constructor(backend, impatient, redis) {
    this.#backend = backend;
    this.impatient = impatient;
    this.#timer = stepTimer(redis);
  }

  get backend() {
    return this.#backend;
  }

  /** The longest of each kind of step; of each step, its shortest time of all passes. */
  get longest() {
    return longestOf(this.#passes);
  }

  endPass() {
    this.#passes.push(this.#timer.take());
  }

  call() {
    return this.#timer.call();
  }

  timed(name, step) {
    return this.#timer.timed(name, step);
  }

  /** New jobs. `make`: what is particular about the nth. */
  jobs(queue, count, make = () => ({})) {
    return Array.from({ length: count }, (_, at) => {
      const id = `job-${this.#number}`;
      this.#number += 1;
      return { id, type: queue, queue, payload: '{"tenant":"acme","invoice":"42"}', locks: [], ...make(at) };
    });
  }

  /** As many new jobs as a client enqueues in one step. */
  batch(queue, make) {
    return batchesOf(this.jobs(queue, 500, make), (job) => job)[0];
  }

  /** Enqueues so many, untimed. Returns their ids. */
  async add(queue, count, make) {
    const jobs = this.jobs(queue, count, make);
    for (const batch of batchesOf(jobs, (job) => job)) await this.#backend.enqueue(this.call(), batch);
    return jobs.map(({ id }) => id);
  }

  async worker(lease = HOUR) {
    this.#workers += 1;
    const name = `bench-${this.#workers}`;
    await this.#backend.register(name, lease);
    return name;
  }

  exchange(worker, settlements, queue, count = EXCHANGE_BUDGET) {
    const claim = queue && { queues: [queue], count, locks: 'take' };
    return this.#backend.exchange(this.call(), { worker, settlements, ...(claim && { claim }) });
  }

  /** Claims so many, untimed. */
  async claim(worker, queue, count) {
    const jobs = [];
    for (;;) {
      const { claimed, more } = await this.exchange(worker, [], queue, Math.min(EXCHANGE_BUDGET, count - jobs.length));
      jobs.push(...claimed);
      if (jobs.length >= count || (claimed.length === 0 && !more)) return jobs;
    }
  }

  /** Settles them, untimed. */
  async settle(jobs, outcome = completed, backend = this.#backend) {
    for (const left = [...jobs]; left.length > 0; ) {
      const settlements = takeBatch(left, outcome);
      await backend.exchange(this.call(), { worker: settlements[0].job.worker, settlements });
    }
  }

  checkIn(given = {}) {
    const nobody = { worker: null, lease: HOUR, queues: [], types: [], keepFailed: { for: null, count: null } };
    return this.#backend.checkIn({ candidate: LEADER, leadership: HOUR, ...nobody, ...given });
  }
}

export const completed = { kind: 'completed' };

/** Takes as many from the front of a list as a manager settles in one step. */
export function takeBatch(jobs, outcome = completed) {
  const settlements = jobs.map((job) => ({ job, outcome }));
  const size = batchSize(settlements, EXCHANGE_BUDGET);
  jobs.splice(0, size);
  return settlements.slice(0, size);
}

export async function times(count, step) {
  for (let turn = 0; turn < count; turn += 1) await step(turn);
}

/** For the nth job: `each` locks, whose keys it has in common with every `keys`th job from it on. */
export function locksOf(name, { keys = 1_000, each = 1 } = {}) {
  return (at) => ({
    locks: Array.from({ length: each }, (_, lock) => ({ key: `${name}-${at % keys}-${lock}`, concurrency: 1 })),
  });
}

export const failed = {
  kind: 'failed',
  failure: { name: 'Error', message: 'no', stack: 'Error: no\n    at here' },
  took: 1,
};

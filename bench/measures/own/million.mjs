// The longest single step of Redis with a million jobs in the system, in milliseconds: waiting, scheduled, and held. Everything that
// clients, managers, leaders and operators do is done, many times over, and each call timed by the server's own count. All of it is
// gone through several times, and each step counts with the shortest time that it had: what interrupts one by chance is told from
// what it takes. Beside it, SLOWLOG's longest of the whole run, interruptions included, in which a real manager has its part.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { open } from '../../../dist/backends/redis/index.js';
import { defineJob } from '../../../dist/index.js';
import { quietManager } from './shared.mjs';
import { longestOf, stepTimer } from './steps.mjs';

const BATCH = 500;
/** As many jobs as a sweep takes in a step: src/scheduler/sweep.ts. */
const SWEEP = 100;
const KEYS = 1_000;
const HOUR = 3_600_000;
const plain = defineJob({ type: 'plain', queue: 'plain' });
const keyed = defineJob({ type: 'keyed', queue: 'keyed', lock: () => ({ key: 'key-0', concurrency: 1 }) });

export async function millionJobs(_, url, { jobs, passes }) {
  const redis = new Redis(url);
  const backend = await open({ url });
  const timer = stepTimer(redis);
  const books = new Books(backend, timer);
  await books.add('plain', jobs * 0.5);
  await books.add('plain', jobs * 0.4, { due: { in: HOUR } });
  await books.add('keyed', jobs * 0.1);
  await books.hold();
  await redis.slowlog('reset');
  const runs = [];
  for (let pass = 0; pass < passes; pass += 1) {
    await books.work();
    runs.push(timer.take());
  }
  const handlers = [plain.handle(async () => {}), keyed.handle(async () => {})];
  void quietManager({ backend: url, handlers, concurrency: 100 }).start();
  await sleep(2_000);
  const slow = await redis.slowlog('get', 1_000);
  const longest = longestOf(runs);
  const note = `the longest: ${longest
    .slice(0, 5)
    .map(([name, time]) => `${name} ${time.toFixed(2)}`)
    .join(', ')}`;
  return { step: longest[0][1], slowlog: Math.max(0, ...slow.map(([, , spent]) => spent)) / 1000, note };
}

class Books {
  #backend;
  #timer;
  #number = 0;
  #workers = 0;

  constructor(backend, timer) {
    this.#backend = backend;
    this.#timer = timer;
  }

  /** So many jobs of a queue, in batches; the timer has no part in it. */
  async add(queue, count, more = {}) {
    for (let left = count; left > 0; left -= BATCH) {
      await this.#backend.enqueue(this.#timer.call(), this.#batch(queue, Math.min(BATCH, left), more));
    }
  }

  /** All keyed jobs come up: one of each key gets its lock, and the others are held. */
  async hold() {
    const worker = await this.#register(HOUR);
    const claim = { queues: ['keyed'], count: 100, locks: 'take' };
    for (;;) {
      const { claimed, more } = await this.#exchange(worker, [], claim);
      this.holders = [...(this.holders ?? []), ...claimed];
      if (!more && claimed.length === 0) break;
    }
    this.keyholder = worker;
  }

  /** Every kind of step. */
  async work() {
    const { timed, call } = this.#timer;
    const backend = this.#backend;
    for (const size of [BATCH, 1]) {
      await times(40, () => timed(`enqueue ${size}`, () => backend.enqueue(call(), this.#batch('plain', size))));
    }
    await this.add('plain', 20 * SWEEP, { due: { in: 1 } });
    await sleep(10);
    await times(20, () => timed('promote', () => backend.promote(SWEEP)));
    const worker = await this.#register(HOUR);
    for (const count of [100, 1]) await this.#run(worker, count);
    await this.#freeLocks();
    await this.#fail(worker);
    await this.#crash();
    await this.#look();
  }

  async #run(worker, count) {
    const claim = { queues: ['plain'], count, locks: 'take' };
    let settlements = [];
    await times(40, async () => {
      const { claimed } = await this.#timer.timed(`exchange ${count}`, () =>
        this.#exchange(worker, settlements, claim),
      );
      settlements = claimed.map((job) => ({ job, outcome: { kind: 'completed' } }));
    });
    await this.#exchange(worker, settlements);
  }

  /** A hundred locks come free in a step, and are granted to a hundred of the held. */
  async #freeLocks() {
    const claim = { queues: ['keyed'], count: 100, locks: 'take' };
    await times(20, async () => {
      const settlements = this.holders.splice(0, 100).map((job) => ({ job, outcome: { kind: 'completed' } }));
      const { claimed } = await this.#timer.timed('exchange with locks', () =>
        this.#exchange(this.keyholder, settlements, claim),
      );
      this.holders.push(...claimed);
    });
  }

  async #fail(worker) {
    const { timed, call } = this.#timer;
    const claim = { queues: ['plain'], count: 100, locks: 'take' };
    const failure = { name: 'Error', message: 'no', stack: 'Error: no\n    at here', took: 1 };
    await times(10, async () => {
      const { claimed } = await this.#exchange(worker, [], claim);
      const outcome = { kind: 'failed', failure };
      const settlements = claimed.map((job) => ({ job, outcome }));
      await timed('fail', () => this.#exchange(worker, settlements));
      const ids = claimed.map(({ id }) => id);
      await timed('retry', () => this.#backend.retryFailed(call(), ids.slice(0, 50)));
      await timed('discard', () => this.#backend.discard(call(), ids.slice(50)));
    });
    await times(5, () => timed('expire', () => this.#backend.expire({ for: HOUR, count: 0 }, SWEEP)));
  }

  /** A worker with a thousand jobs is gone. */
  async #crash() {
    const worker = await this.#register(HOUR);
    const claim = { queues: ['plain'], count: 100, locks: 'take' };
    await times(10, () => this.#exchange(worker, [], claim));
    await this.#backend.retire(worker);
    await times(12, () => this.#timer.timed('reclaim', () => this.#backend.reclaim(SWEEP)));
  }

  /** What operators and the leader do. The numbers are those of src/inspector. */
  async #look() {
    const { timed, call } = this.#timer;
    const backend = this.#backend;
    await times(10, () => timed('stats', () => backend.stats()));
    await times(10, () => timed('passGrants', () => backend.passGrants(SWEEP)));
    const ids = Array.from({ length: 100 }, (_, at) => `job-${this.#number - 1 - at}`);
    for (const id of ids.slice(0, 20)) {
      await timed('find', () => backend.find(id));
      await timed('ahead', () => backend.ahead(id, 10_000));
    }
    await timed('cancel', () => backend.bulk.cancel(call(), ids));
    for (let page = 0, cursor = null; page < 10; page += 1) {
      ({ cursor } = await timed('browse', () => backend.bulk.browse({ type: 'keyed' }, cursor, BATCH)));
    }
  }

  async #register(lease) {
    this.#workers += 1;
    const worker = `bench-${this.#workers}`;
    await this.#backend.register(worker, lease);
    return worker;
  }

  #exchange(worker, settlements, claim) {
    return this.#backend.exchange(this.#timer.call(), { worker, settlements, ...(claim && { claim }) });
  }

  #batch(queue, size, more = {}) {
    return Array.from({ length: size }, () => {
      const n = this.#number;
      this.#number += 1;
      const locks = queue === 'keyed' ? [{ key: `key-${n % KEYS}`, concurrency: 1 }] : [];
      return { id: `job-${n}`, type: queue, queue, payload: '{"tenant":"acme","invoice":"42"}', locks, ...more };
    });
  }
}

async function times(count, step) {
  for (let turn = 0; turn < count; turn += 1) await step();
}

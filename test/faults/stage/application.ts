import { BackendError, WingmanError } from '../../../src/core/errors.ts';
import { defineJob, EnqueueTimeoutError, type Wingman } from '../../../src/index.ts';
import { newId } from '../../../src/runtime/identity.ts';
import type { History } from '../history/history.mjs';
import { ATTEMPTS, defineJobs, type Work } from '../worker/jobs.mjs';

export interface Order extends Partial<Work> {
  /** Milliseconds. */
  readonly delay?: number;
  /** `limited` has a short timeout. */
  readonly type?: 'plain' | 'limited';
  /** Is acknowledged only when a replica has it. */
  readonly isReplicated?: boolean;
}

/** What all applications of a scenario have enqueued, in one order. */
export class Orders {
  /** Each lock key, and how many places it has. */
  readonly keys = new Map<string, number>();
  calls = 0;
  sequence = 0;
}

const jobs = defineJobs(defineJob);

/** Enqueues jobs, and tells of each before it does and after. */
export class Application {
  readonly #wingman: Wingman;
  readonly #history: History;
  readonly #orders: Orders;

  constructor(wingman: Wingman, history: History, orders: Orders) {
    this.#wingman = wingman;
    this.#history = history;
    this.#orders = orders;
  }

  /**
   * Enqueues jobs together. Returns the ids of those that were acknowledged, in order.
   * @param insist enqueues again under the same id what failed, until it is acknowledged or refused for good
   */
  async enqueue(wanted: readonly Order[], { insist = false } = {}): Promise<string[]> {
    const orders = this.#orders;
    orders.calls += 1;
    const call = orders.calls;
    const items = wanted.map((order) => ({ id: newId(), order, work: workOf(order) }));
    this.#history.writeAll(
      items.map(({ id, order, work: { key, limit } }) => {
        orders.sequence += 1;
        if (key !== null) orders.keys.set(key, limit);
        const { delay = 0, isReplicated = false } = order;
        const { sequence } = orders;
        return { kind: 'enqueue', id, key, limit, sequence, call, attempts: ATTEMPTS, delay, isReplicated };
      }),
    );
    const acked = await Promise.all(items.map(({ id, order, work }) => this.#enqueue(id, order, work, insist)));
    return items.filter((_, index) => acked[index]).map(({ id }) => id);
  }

  async #enqueue(
    id: string,
    { type = 'plain', delay, isReplicated }: Order,
    work: Work,
    insist: boolean,
  ): Promise<boolean> {
    for (;;) {
      try {
        await this.#wingman.enqueue(jobs[type], work, {
          id,
          ...(delay !== undefined && { delay }),
          ...(isReplicated === true && { durability: { replicas: 1, timeout: 500 } }),
        });
        this.#history.write({ kind: 'acked', id });
        return true;
      } catch (error) {
        const { code, fate } = describe(error);
        if (insist && code !== 'WINGMAN_BACKEND_CLOSED') continue;
        this.#history.write({ kind: 'refused', id, code, fate });
        return false;
      }
    }
  }
}

function workOf({ key = null, limit = 1, takes = 0, deed = 'return', times = 1 }: Order): Work {
  return { key, limit, takes, deed, times };
}

/** What an application can tell of an enqueue that failed. */
function describe(error: unknown): { code: string; fate: string } {
  if (error instanceof EnqueueTimeoutError || error instanceof BackendError) return error;
  return { code: error instanceof WingmanError ? error.code : String(error), fate: 'unknown' };
}

import type { Backend } from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import type { ClaimedJob, Due } from '../core/envelope.ts';
import type { StoredLock } from '../core/lock.ts';
import { newName } from '../runtime/identity.ts';
import { persist } from '../runtime/persist.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Requests } from './attempt.ts';

/** What running jobs ask of the store, again and again until it answers or their signal aborts. */
export class StoreRequests implements Requests {
  readonly #backend: Backend;
  readonly #surroundings: Surroundings;
  readonly #caller = new Caller(newName());

  constructor(backend: Backend, surroundings: Surroundings) {
    this.#backend = backend;
    this.#surroundings = surroundings;
  }

  async takeLocks(job: ClaimedJob, locks: readonly StoredLock[], signal: AbortSignal): Promise<boolean> {
    const reply = await this.#caller.call((call) =>
      persist(() => this.#backend.lock(call, job, locks), 'taking locks', this.#surroundings, signal),
    );
    return reply.state === 'locked' || reply.state === 'none';
  }

  async pauseRate(key: string, until: Due, signal: AbortSignal): Promise<void> {
    const { controls } = this.#backend;
    await this.#caller.call((call) =>
      persist(() => controls.pauseRate(call, key, until), 'pausing a rate', this.#surroundings, signal),
    );
  }
}

import type { Backend, EnqueueReply } from '../contract/backend.ts';
import type { Call, Caller } from '../contract/call.ts';
import type { NewJob } from '../core/envelope.ts';
import type { Parcel } from './delivery.ts';
import type { Recipient } from './outbox.ts';

/** One call that enqueues. */
export class EnqueueCall implements Parcel<EnqueueReply> {
  readonly #backend: Backend;
  readonly #caller: Caller;
  readonly #call: Call;
  readonly #jobs: readonly NewJob[];
  readonly #recipient: Recipient;

  constructor(backend: Backend, caller: Caller, jobs: readonly NewJob[], recipient: Recipient) {
    this.#backend = backend;
    this.#caller = caller;
    this.#call = caller.open();
    this.#jobs = jobs;
    this.#recipient = recipient;
  }

  send(): Promise<EnqueueReply> {
    return this.#backend.enqueue(this.#call, this.#jobs);
  }

  delivered(reply: EnqueueReply): void {
    this.#caller.close(this.#call);
    this.#recipient.delivered(reply);
  }

  failed(error: unknown): void {
    this.#caller.close(this.#call);
    this.#recipient.failed(error);
  }
}

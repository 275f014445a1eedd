import type { Backend, ExchangeReply, ExchangeRequest } from '../contract/backend.ts';
import { Caller } from '../contract/call.ts';
import { newName } from '../runtime/identity.ts';

/** An exchange that claims; what it is for is free. */
type Claiming = ExchangeRequest & Required<Pick<ExchangeRequest, 'claim'>>;

export interface ListenerOptions {
  readonly backend: Pick<Backend, 'exchange' | 'exchangeWhenWoken'>;
  /** Repeats a call that has failed until it is answered. Rejects where that will never be. */
  readonly rideOut: (send: () => Promise<ExchangeReply>, error: unknown) => Promise<ExchangeReply>;
  readonly answered: (request: ExchangeRequest, reply: ExchangeReply) => void;
  /** Told why no call can be made any more. */
  readonly failed: (error: unknown) => void;
}

interface Standing {
  readonly request: Claiming;
  readonly waking: AbortController;
}

/** How long one wait lasts, in milliseconds: a wake-up that is lost is made up for by the check-ins, and not by the end of this. */
const WAIT = 600_000;

/** The claim of a dispatcher with empty queues, which is made when there is work: one at a time. */
export class Listener {
  readonly #options: ListenerOptions;
  /** Of its own: among the calls of others one that waits for long would keep all their replies from being forgotten. */
  readonly #caller = new Caller(newName());
  #standing: Standing | null = null;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Whether a claim waits, or is being made. */
  get isListening(): boolean {
    return this.#standing !== null;
  }

  /** For how many jobs it is. */
  get claims(): number {
    return this.#standing?.request.claim.count ?? 0;
  }

  /** From which queues it waits for work now. */
  get awaited(): readonly string[] {
    return this.#standing?.request.claim.queues ?? [];
  }

  /** Makes this claim when there is work. Does nothing while another waits. */
  listen(request: Claiming): void {
    if (this.#standing !== null) return;
    const standing = { request, waking: new AbortController() };
    this.#standing = standing;
    // One that was forgotten may still be on its way out.
    this.#ended = this.#ended.then(() => this.#claim(standing));
  }

  /** Makes the claim now. */
  wake(): void {
    // Without a reason of its own, making one would take longer than the rest.
    this.#standing?.waking.abort('woken');
  }

  /** The claim is of no use any more: whatever it gives is another's. */
  forget(): void {
    this.wake();
    this.#standing = null;
  }

  #claim(standing: Standing): Promise<void> | undefined {
    if (this.#standing !== standing) return undefined;
    const { backend, rideOut, answered, failed } = this.#options;
    const { request, waking } = standing;
    const call = this.#caller.open();
    const isOver = (): boolean => {
      this.#caller.close(call);
      if (this.#standing !== standing) return false;
      this.#standing = null;
      return true;
    };
    const succeed = (reply: ExchangeReply): void => {
      if (isOver()) answered(request, reply);
    };
    const fail = (error: unknown): void => {
      isOver();
      failed(error);
    };
    return backend
      .exchangeWhenWoken(call, request, { timeout: WAIT, signal: waking.signal })
      .then(succeed, (error: unknown) => rideOut(() => backend.exchange(call, request), error).then(succeed))
      .catch(fail);
  }
}

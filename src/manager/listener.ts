import type { Backend, ExchangeReply, ExchangeRequest } from '../contract/backend.ts';
import { type Call, Caller } from '../contract/call.ts';
import type { Logger } from '../core/log.ts';
import { newName } from '../runtime/identity.ts';

/** An exchange that claims; what it is for is free. */
type Claiming = ExchangeRequest & Required<Pick<ExchangeRequest, 'claim'>>;

export interface ListenerOptions {
  readonly backend: Pick<Backend, 'exchange' | 'exchangeWhenWoken' | 'wait'>;
  /** Repeats a call that has failed until it is answered. Rejects where that will never be. */
  readonly rideOut: (send: () => Promise<ExchangeReply>, error: unknown) => Promise<ExchangeReply>;
  readonly answered: (request: ExchangeRequest, reply: ExchangeReply) => void;
  /** Told why no call can be made any more. */
  readonly failed: (error: unknown) => void;
}

interface Standing {
  readonly request: Claiming;
  readonly waking: AbortController;
  readonly isIdle: boolean;
  /** It cannot be taken back any more. */
  isClaiming: boolean;
  /** Resolves when it is over, forgotten or not; null before it has begun. */
  ended: Promise<void> | null;
}

/** How long one wait lasts, in milliseconds: a wake-up that is lost is made up for by the check-ins, and not by the end of this. */
const WAIT = 600_000;

const OVER = Promise.resolve();

/**
 * The claim of a dispatcher with empty queues, which is made when there is work: one at a time.
 *
 * Where nothing runs, it is left with the store, which makes it by itself: the fastest way, as long as the event loop turns. A handler
 * may block that for long. So where something runs the store only wakes, and what it has is claimed by the first who is there to do it.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #logger: Logger;
  /** Of its own: among the calls of others one that waits for long would keep all their replies from being forgotten. */
  readonly #caller = new Caller(newName());
  #standing: Standing | null = null;
  /** Made anew after it was of use: most claims are answered without, and to make one for each would take longer than the rest. */
  #waking = new AbortController();
  /** Ends when what was forgotten is over. */
  #leaving: Promise<void> | null = null;

  constructor(options: ListenerOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
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

  /** Whether it takes another claim. One that waits beside something which has ended makes room. */
  makeRoom(isIdle: boolean): boolean {
    if (this.#standing === null) return true;
    if (!isIdle || this.#standing.isClaiming) return false;
    this.forget();
    return true;
  }

  /** Makes this claim when there is work: `makeRoom` must have said that it can. */
  listen(request: Claiming, isIdle: boolean): void {
    if (this.#waking.signal.aborted) this.#waking = new AbortController();
    const standing: Standing = { request, waking: this.#waking, isIdle, isClaiming: isIdle, ended: null };
    this.#standing = standing;
    // One that was forgotten may still be on its way out.
    standing.ended = this.#leaving === null ? this.#stand(standing) : this.#leaving.then(() => this.#stand(standing));
  }

  /** Makes the claim now. Whether there is one. */
  wake(): boolean {
    // Without a reason of its own, making one would take longer than the rest.
    this.#standing?.waking.abort('woken');
    return this.#standing !== null;
  }

  /** The claim is of no use any more: if it is made all the same, whatever it gives is another's. */
  forget(): void {
    const ended = this.#standing?.ended ?? null;
    this.wake();
    this.#standing = null;
    if (ended === null) return;
    this.#leaving = ended;
    void ended.then(() => {
      if (this.#leaving === ended) this.#leaving = null;
    });
  }

  #stand(standing: Standing): Promise<void> {
    if (this.#standing !== standing) return OVER;
    return standing.isIdle ? this.#claim(standing) : this.#wait(standing).then(() => this.#claimAfterWait(standing));
  }

  #claimAfterWait(standing: Standing): Promise<void> {
    if (this.#standing !== standing) return OVER;
    standing.isClaiming = true;
    return this.#claim(standing);
  }

  async #wait({ request, waking: { signal } }: Standing): Promise<void> {
    const { backend } = this.#options;
    try {
      await backend.wait(request.claim.queues, { timeout: WAIT, signal, areEmpty: true });
    } catch (error) {
      // The claim that follows meets the same trouble and tells of it.
      this.#logger.debug({ err: error }, 'waiting for work failed');
    }
  }

  #claim(standing: Standing): Promise<void> {
    const { backend, rideOut, answered, failed } = this.#options;
    const { request } = standing;
    const call = this.#caller.open();
    const isForgotten = (): boolean => {
      this.#caller.close(call);
      if (this.#standing !== standing) return true;
      this.#standing = null;
      return false;
    };
    const fail = (error: unknown): void => {
      isForgotten();
      failed(error);
    };
    const succeed = (reply: ExchangeReply): void => {
      try {
        if (!isForgotten()) answered(request, reply);
      } catch (error) {
        fail(error);
      }
    };
    return this.#send(call, standing).then(succeed, (error: unknown) =>
      rideOut(() => backend.exchange(call, request), error).then(succeed, fail),
    );
  }

  #send(call: Call, { request, waking: { signal }, isIdle }: Standing): Promise<ExchangeReply> {
    const { backend } = this.#options;
    if (!isIdle) return backend.exchange(call, request);
    return backend.exchangeWhenWoken(call, request, { timeout: WAIT, signal });
  }
}

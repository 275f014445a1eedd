import { BackendError, type Fate, messageOf } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';

const FIRST_WAIT = 50;
const LONGEST_WAIT = 1_000;
// A try that is cut short by the end of the time has an unknown fate: where so little is left, none is begun.
const SHORTEST_TRY = 1_000;

/** A call that met no answer in time. */
export class Undelivered extends Error {
  readonly fate: Fate;

  constructor(fate: Fate, cause: unknown) {
    super(messageOf(cause), { cause });
    this.fate = fate;
  }
}

/**
 * Makes a call again and again while the store is out of reach, for `timeout` milliseconds. `send` must be of one call id, so
 * that it is done once.
 * @throws Undelivered when the time is up; what `send` rejects with where trying again is of no use
 */
export function deliver<Reply>(send: () => Promise<Reply>, timeout: number, clock: Clock): Promise<Reply> {
  const end = clock.monotonic() + timeout;
  // Nearly always the first try is answered: then it is all there is.
  return attempt(send, timeout, clock).catch((error: unknown) => {
    if (!(error instanceof Unanswered)) throw error;
    return deliverLater(send, { timeout, end, clock }, error);
  });
}

/** Goes on after a first try that was not answered. */
async function deliverLater<Reply>(
  send: () => Promise<Reply>,
  { timeout, end, clock }: { readonly timeout: number; readonly end: number; readonly clock: Clock },
  first: Unanswered,
): Promise<Reply> {
  let [fate, cause]: [Fate, unknown] = [first.fate, first.cause];
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const left = end - clock.monotonic();
    if (left <= Math.min(SHORTEST_TRY, timeout / 2)) throw new Undelivered(fate, cause);
    await clock.sleep(Math.min(wait, left));
    try {
      return await attempt(send, Math.max(0, end - clock.monotonic()), clock);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      cause = error.cause;
      // A try of which nothing is known is not made good by a later one that was refused.
      if (error.fate === 'unknown') fate = 'unknown';
    }
  }
}

/** What a try rejects with that is worth another. */
class Unanswered {
  readonly fate: Fate;
  readonly cause: unknown;

  constructor(fate: Fate, cause: unknown) {
    this.fate = fate;
    this.cause = cause;
  }
}

/** One try, given up after `limit` milliseconds: it may then still be on its way. Rejects with `Unanswered`, or as `send` does. */
function attempt<Reply>(send: () => Promise<Reply>, limit: number, clock: Clock): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limit, () => reject(new Unanswered('unknown', new Error('no answer in time'))));
    send().then(
      (reply) => {
        cancel();
        resolve(reply);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof BackendError && error.isTransient ? new Unanswered(error.fate, error) : error);
      },
    );
  });
}

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
export async function deliver<Reply>(send: () => Promise<Reply>, timeout: number, clock: Clock): Promise<Reply> {
  const end = clock.monotonic() + timeout;
  let fate: Fate = 'not done';
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const outcome = await attempt(send, end, clock);
    if (outcome.how === 'answered') return outcome.reply;
    // A try of which nothing is known is not made good by a later one that was refused.
    if (outcome.fate === 'unknown') fate = 'unknown';
    const left = end - clock.monotonic();
    if (left <= Math.min(SHORTEST_TRY, timeout / 2)) throw new Undelivered(fate, outcome.cause);
    await clock.sleep(Math.min(wait, left));
  }
}

type Attempt<Reply> =
  | { readonly how: 'answered'; readonly reply: Reply }
  | { readonly how: 'unanswered'; readonly fate: Fate; readonly cause: unknown };

/** One try, given up when the time is up: it may then still be on its way. */
function attempt<Reply>(send: () => Promise<Reply>, end: number, clock: Clock): Promise<Attempt<Reply>> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, end - clock.monotonic()), () => {
      resolve({ how: 'unanswered', fate: 'unknown', cause: new Error('no answer in time') });
    });
    send().then(
      (reply) => {
        cancel();
        resolve({ how: 'answered', reply });
      },
      (error: unknown) => {
        cancel();
        if (!(error instanceof BackendError && error.isTransient)) reject(error);
        else resolve({ how: 'unanswered', fate: error.fate, cause: error });
      },
    );
  });
}

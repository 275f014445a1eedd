import { WingmanError } from '../core/errors.ts';
import { untilAborted } from './abort.ts';
import { Backoff } from './backoff.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Rides out an outage: repeats `send` until it succeeds, with growing waits, and logs the outage's start and end once.
 * @throws what `send` throws when the store was closed for good; the signal's reason when it aborts, at once even if `send`
 *   never settles
 */
export async function persist<Reply>(
  send: () => Promise<Reply>,
  what: string,
  { clock, random, logger, failed }: Surroundings,
  signal: AbortSignal,
): Promise<Reply> {
  const backoff = new Backoff(random);
  for (;;) {
    try {
      const reply = await untilAborted(send(), signal);
      if (backoff.failures > 0) logger.info({ failures: backoff.failures }, `${what} works again`);
      return reply;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof WingmanError && error.code === 'WINGMAN_BACKEND_CLOSED') throw error;
      const isFirst = backoff.failures === 0;
      const retryIn = backoff.next();
      if (isFirst) {
        logger.warn({ err: error, retryIn }, `${what} failed; trying on until it works`);
        failed(error);
      }
      await clock.sleep(retryIn, signal);
    }
  }
}

import type { Clock } from './clock.ts';

/** The promise's end, or a rejection with the signal's reason as soon as that aborts; what comes later is dropped. */
export async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  }
}

/** Whether a promise settles, in whatever way, within so many milliseconds. */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(milliseconds, () => resolve(false));
    const settled = (): void => {
      cancel();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}

/**
 * Does something that ends early when any of these aborts. `AbortSignal.any` would leave something behind in each of them, for as long
 * as that lives: a manager's would grow by some megabytes a day.
 */
export async function withAnyOf<Value>(
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const any = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  const abort = (): void => any.abort(given.find(({ aborted }) => aborted)?.reason);
  if (given.some(({ aborted }) => aborted)) abort();
  for (const signal of given) signal.addEventListener('abort', abort, { once: true });
  try {
    return await work(any.signal);
  } finally {
    for (const signal of given) signal.removeEventListener('abort', abort);
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';

type Charge = (thrown: unknown) => void;

/** The attempt in whose handler a promise was made, wherever it is rejected. */
const charges = new AsyncLocalStorage<Charge>();

let listeners = 0;

/** Runs user code so that a rejection in it that nobody handles is told to `charge`. */
export function withStrayRejections<Result>(charge: Charge, run: () => Result): Result {
  return charges.run(charge, run);
}

/**
 * Has rejections that nobody handles charged to the attempts they come from, instead of ending the process. Those of other
 * code go on as if nobody listened. Returns what ends that.
 */
export function listenForStrayRejections(): () => void {
  listeners += 1;
  if (listeners === 1) process.on('unhandledRejection', onRejection);
  let isListening = true;
  return () => {
    if (!isListening) return;
    isListening = false;
    listeners -= 1;
    if (listeners === 0) process.off('unhandledRejection', onRejection);
  };
}

function onRejection(reason: unknown): void {
  const charge = charges.getStore();
  if (charge !== undefined) charge(reason);
  // Without a listener Node would have thrown it, and ended the process.
  else if (process.listenerCount('unhandledRejection') === 1) throw reason;
}

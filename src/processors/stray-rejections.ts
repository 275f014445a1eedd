import { AsyncLocalStorage } from 'node:async_hooks';

/** Who answers for what is rejected in some user code, and nobody handles. */
export interface Chargeable {
  charge(thrown: unknown): void;
}

/** The attempt in whose handler a promise was made, wherever it is rejected. */
const charged = new AsyncLocalStorage<Chargeable>();

let listeners = 0;

/** Runs user code for whoever answers for it, so that he is charged with rejections in it that nobody handles. */
export function withStrayRejections<Answerable extends Chargeable, Result>(
  answerable: Answerable,
  run: (answerable: Answerable) => Result,
): Result {
  return charged.run(answerable, run, answerable);
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
  const answerable = charged.getStore();
  if (answerable !== undefined) answerable.charge(reason);
  // Without a listener Node would have thrown it, and ended the process.
  else if (process.listenerCount('unhandledRejection') === 1) throw reason;
}

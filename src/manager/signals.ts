export interface SignalActions {
  /** The first signal: finish what runs, and stop. */
  readonly first: (signal: NodeJS.Signals) => void;
  /** The second: end now. Settles when what can be saved is saved; the process then dies by the signal, as usual. */
  readonly second: (signal: NodeJS.Signals) => Promise<void>;
}

/** Listens to stop signals. Returns what ends that. */
export function onSignals(signals: readonly NodeJS.Signals[], { first, second }: SignalActions): () => void {
  let received = 0;
  const listener = (signal: NodeJS.Signals): void => {
    received += 1;
    if (received === 1) first(signal);
    else if (received === 2) void second(signal).finally(() => die(signal));
  };
  const stop = (): void => {
    for (const signal of signals) process.removeListener(signal, listener);
  };
  const die = (signal: NodeJS.Signals): void => {
    stop();
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, listener);
  return stop;
}

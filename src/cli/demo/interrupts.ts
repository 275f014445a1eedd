import { constants } from 'node:os';

// npm hands a Ctrl-C to what it runs, which has it from the terminal as well: within a few milliseconds they are one.
const ONE_PRESS = 200;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Interrupts {
  /** Aborts at the first signal. */
  readonly stopping: AbortSignal;
  /** The exit code of a process that a signal has stopped; 0 as long as none came. */
  exitCode(): number;
  /** Listens no longer. */
  end(): void;
}

/** Listens to stop signals: the first is for the run to finish what it has begun, the second ends the process at once. */
export function listenToInterrupts(): Interrupts {
  const stopping = new AbortController();
  let last = Number.NEGATIVE_INFINITY;
  let code = 0;
  const listener = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    const isRepeat = now - last < ONE_PRESS;
    last = now;
    if (isRepeat) return;
    if (code !== 0) {
      // Off the line of the progress bar.
      process.stderr.write('\n');
      process.exit(code);
    }
    code = 128 + constants.signals[signal];
    stopping.abort();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    stopping: stopping.signal,
    exitCode: () => code,
    end: () => {
      for (const signal of SIGNALS) process.removeListener(signal, listener);
    },
  };
}

import { systemClock } from '../../src/runtime/clock.ts';
import type { Surroundings } from '../../src/runtime/surroundings.ts';

/** Surroundings that remember what was logged and reported; sleeps are over at once, and are remembered too. */
export function surroundings() {
  const lines: string[] = [];
  const failures: unknown[] = [];
  const sleeps: number[] = [];
  const at = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`);
  const all: Surroundings = {
    clock: {
      ...systemClock,
      sleep: async (milliseconds, signal) => {
        sleeps.push(milliseconds);
        await systemClock.turn();
        return signal?.aborted !== true;
      },
    },
    random: () => 0,
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    failed: (error) => void failures.push(error),
  };
  return { ...all, lines, failures, sleeps };
}

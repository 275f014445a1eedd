import type { Logger, LogLevel } from '../core/log.ts';
import { toFailure } from '../core/outcome.ts';
import { type Clock, systemClock } from './clock.ts';

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;

export interface JsonLoggerOptions {
  /** The lowest level that is written; `info` when left out. */
  readonly level?: LogLevel;
  /** Where lines go, each with its newline; stderr when left out. */
  readonly write?: (line: string) => void;
  readonly clock?: Clock;
}

/** A logger that writes JSON lines in pino's shape: `level` as a number, `time` in milliseconds, the fields, `msg`. */
export function jsonLogger(options: JsonLoggerOptions = {}): Logger {
  const { level = 'info', write = (line) => void process.stderr.write(line), clock = systemClock } = options;
  const isLevelEnabled = (name: LogLevel): boolean => LEVELS[name] >= LEVELS[level];
  const at = (name: LogLevel) => (fields: object, message: string) => {
    if (isLevelEnabled(name)) write(`${format(LEVELS[name], clock.now(), fields, message)}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), isLevelEnabled };
}

function format(level: number, time: number, fields: object, msg: string): string {
  try {
    return JSON.stringify(Object.assign({ level, time }, fields, { level, time, msg }), replacer());
  } catch {
    // A getter or a toJSON threw: the message at least must not be lost.
    return JSON.stringify({ level, time, msg });
  }
}

/** Makes everything writable: errors as objects, BigInts as text, and a mark in the place of a cycle. */
function replacer(): (this: unknown, key: string, value: unknown) => unknown {
  const ancestors: unknown[] = [];
  return function (_key, value) {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    // `this` is the object that has the value, so whatever lies above it on the stack has been left.
    while (ancestors.length > 0 && ancestors.at(-1) !== this) ancestors.pop();
    if (ancestors.includes(value)) return '[cycle]';
    const plain = value instanceof Error ? toFailure(value) : value;
    ancestors.push(plain);
    return plain;
  };
}

import { type DestinationStream, pino } from 'pino';
import type { Logger } from '../core/log.ts';
import { toFailure } from '../core/outcome.ts';
import { out } from './colors.ts';
import { printable } from './format.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Writes to stdout: JSON lines, or on a terminal lines for a person. */
export function commandLogger(level: LogLevel): Logger {
  // Not pino's own destination, which says nothing of a pipe that nobody reads any more.
  const destination = process.stdout.isTTY ? humanLines(process.stdout) : process.stdout;
  return pino({ level, serializers: { err: asFailure } }, destination);
}

/** Most errors are failures already, in the form that is kept with the job; pino's own serializer would spoil those. */
function asFailure(err: unknown): unknown {
  return err instanceof Error ? toFailure(err) : err;
}

const LEVELS: Readonly<Record<number, string>> = {
  20: out.dim('debug'),
  30: out.green('info '),
  40: out.yellow('warn '),
  50: out.red('error'),
};

/** Said once for each process or in another place of the line. */
const LEFT_OUT = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'start', 'end', 'outcome']);

function humanLines(output: NodeJS.WritableStream): DestinationStream {
  return { write: (line) => void output.write(`${humanLine(line)}\n`) };
}

/** `12:03:04.123 info  job completed  type=invoice.send job=… duration=12.5` */
export function humanLine(line: string): string {
  const fields: unknown = JSON.parse(line);
  if (typeof fields !== 'object' || fields === null) return line;
  const { level, time, msg, err }: LogFields = fields;
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  const milliseconds = String(Number(time) % 1000).padStart(3, '0');
  const details = Object.entries(fields)
    .filter(([name]) => !LEFT_OUT.has(name) && name !== 'err')
    .map(([name, value]) => `${out.dim(`${name}=`)}${inShort(value)}`);
  const head = `${out.dim(`${clock}.${milliseconds}`)} ${LEVELS[Number(level)] ?? String(level)} ${printable(String(msg))}`;
  return [[head, ...details].join('  '), ...errorLines(err)].join('\n');
}

interface LogFields {
  readonly level?: unknown;
  readonly time?: unknown;
  readonly msg?: unknown;
  readonly err?: unknown;
}

interface ErrorFields {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
}

function inShort(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function errorLines(err: unknown): string[] {
  if (typeof err !== 'object' || err === null) return [];
  const { name, message, stack, cause }: ErrorFields = err;
  const text = typeof stack === 'string' ? stack : `${name}: ${message}`;
  const lines = text.split('\n').map((each) => `    ${out.dim(printable(each.trimEnd()))}`);
  const [first, ...rest] = errorLines(cause);
  return first === undefined ? lines : [...lines, `    ${out.dim('caused by:')} ${first.trimStart()}`, ...rest];
}

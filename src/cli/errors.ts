import { InvalidInputError, messageOf, WingmanError, withoutPassword } from '../core/errors.ts';
import { err } from './colors.ts';

const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

/** The command line makes no sense as it is given. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * A failure as a person reads it: the message, each path and reason of a refused input, and the code. The stack is for whom
 * sets `DEBUG=wingman`.
 */
export function describeError(thrown: unknown, env: NodeJS.ProcessEnv = process.env): string {
  const lines = [`${err.red('error:')} ${withoutPasswords(headline(thrown))}${codeOf(thrown)}`];
  if (thrown instanceof InvalidInputError) {
    for (const { path, message } of thrown.issues) lines.push(`  ${path === '' ? message : `${path}: ${message}`}`);
  }
  if (isDebugging(env)) lines.push(err.dim(withoutPasswords(stackOf(thrown))));
  return `${lines.join('\n')}\n`;
}

export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
}

function headline(thrown: unknown): string {
  if (!(thrown instanceof InvalidInputError)) return messageOf(thrown);
  // The issues follow, a line for each.
  return thrown.message.slice(0, thrown.message.indexOf(': '));
}

function codeOf(thrown: unknown): string {
  return thrown instanceof WingmanError ? err.dim(` (${thrown.code})`) : '';
}

function isDebugging({ DEBUG = '' }: NodeJS.ProcessEnv): boolean {
  return DEBUG.split(/[\s,]+/).some((name) => name === 'wingman' || name === '*');
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  const stack = thrown.stack ?? String(thrown);
  return thrown.cause === undefined
    ? stack
    : `${stack}\ncaused by: ${stackOf(thrown.cause) || messageOf(thrown.cause)}`;
}

/** Each error hides the password of its own URL; this is for what comes from elsewhere. */
function withoutPasswords(text: string): string {
  return text.replace(/[a-z]+:\/\/\S+/gi, withoutPassword);
}

import { type ErrorCode, InvalidInputError, messageOf, WingmanError, withoutPassword } from '../core/errors.ts';
import { err } from './colors.ts';

const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

/** The command line makes no sense as it is given. */
export class UsageError extends WingmanError {
  constructor(message: string, code: ErrorCode = 'WINGMAN_USAGE') {
    super(code, message);
  }
}

/** What the parser of the command line says, with our colour and a code as all our errors have. */
export function describeUsage(text: string): string {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const head = first.replace(/^error:/, err.red('error:'));
  return `${[`${head}${shownCode('WINGMAN_USAGE')}`, ...rest].join('\n')}\n`;
}

/**
 * A failure as a person reads it: the message, each path and reason of a refused input, and the code. The stack is for whom
 * sets `DEBUG=wingman`.
 */
export function describeError(thrown: unknown, env: NodeJS.ProcessEnv = process.env): string {
  const [first = '', ...rest] = withoutPasswords(headline(thrown)).split('\n');
  const lines = [`${err.red('error:')} ${first}${codeOf(thrown)}`, ...rest];
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
  return thrown instanceof WingmanError ? shownCode(thrown.code) : '';
}

function shownCode(code: ErrorCode): string {
  return err.dim(` (${code})`);
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
